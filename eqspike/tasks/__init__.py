"""Data sets: described in `tasks/*.yaml`, found or fetched, verified, read-only."""

from eqspike.tasks.curriculum import Stage, read_sequence
from eqspike.tasks.description import load_task
from eqspike.tasks.task import SPLITS, Split, Task

__all__ = ["SPLITS", "Split", "Stage", "Task", "load_task", "read_sequence"]

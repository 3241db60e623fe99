"""Data sets: described in `tasks/*.yaml`, found or fetched, verified, read-only."""

from eqspike.tasks.curriculum import Curriculum
from eqspike.tasks.description import AnyTask, load_task
from eqspike.tasks.metrics import Metric
from eqspike.tasks.task import SPLITS, Split, Stage, Task

__all__ = ["SPLITS", "AnyTask", "Curriculum", "Metric", "Split", "Stage", "Task", "load_task"]

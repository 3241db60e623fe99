"""Data sets: described in `tasks/*.yaml`, found or fetched, verified, read-only."""

from eqspike.tasks.curriculum import Curriculum
from eqspike.tasks.description import AnyTask, load_task
from eqspike.tasks.metrics import Metric
from eqspike.tasks.series import Series, SeriesTask
from eqspike.tasks.task import SPLITS, Samples, Split, Stage, Task

__all__ = [
    "SPLITS",
    "AnyTask",
    "Curriculum",
    "Metric",
    "Samples",
    "Series",
    "SeriesTask",
    "Split",
    "Stage",
    "Task",
    "load_task",
]

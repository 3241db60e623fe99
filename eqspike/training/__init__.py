"""The one training loop, its checkpoints and its run folder."""

from eqspike.training.checkpoint import Progress, load_latest, save
from eqspike.training.endurance import CellWrites, cell_writes
from eqspike.training.evaluating import Tested, activity_of, evaluate, mean_rates, predict
from eqspike.training.loop import Course, EpochResult, Hooks, Plan, fit
from eqspike.training.run_folder import RunFolder, adding_to
from eqspike.training.schedule import Schedule

__all__ = [
    "CellWrites",
    "Course",
    "EpochResult",
    "Hooks",
    "Plan",
    "Progress",
    "RunFolder",
    "Schedule",
    "Tested",
    "activity_of",
    "adding_to",
    "cell_writes",
    "evaluate",
    "fit",
    "load_latest",
    "mean_rates",
    "predict",
    "save",
]

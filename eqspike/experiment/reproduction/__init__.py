"""Papers' tables run again: their rows beside what was published, within a budget of time."""

from eqspike.experiment.reproduction.budget import Budget
from eqspike.experiment.reproduction.running import reproduce
from eqspike.experiment.reproduction.tables import PaperTable, load_table
from eqspike.experiment.reproduction.whole import reproduce_into

__all__ = ["Budget", "PaperTable", "load_table", "reproduce", "reproduce_into"]

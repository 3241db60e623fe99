"""A grid of runs: every combination of some settings trained, priced and compared."""

from eqspike.experiment.sweep.axes import Axis, Range, Varied, read_axis
from eqspike.experiment.sweep.grid import Point, grid
from eqspike.experiment.sweep.results import Sweep, pareto_front, write_sweep
from eqspike.experiment.sweep.running import Fleet, run_sweep
from eqspike.experiment.sweep.whole import sweep_into

__all__ = [
    "Axis",
    "Fleet",
    "Point",
    "Range",
    "Sweep",
    "Varied",
    "grid",
    "pareto_front",
    "read_axis",
    "run_sweep",
    "sweep_into",
    "write_sweep",
]

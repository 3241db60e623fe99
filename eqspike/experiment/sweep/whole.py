"""A sweep from its first point to its last file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eqspike import library
from eqspike.analysis.style import require_matplotlib
from eqspike.analysis.sweep_figure import Priced, draw_front
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable, remove_parts, together
from eqspike.core.showing import shorten
from eqspike.experiment.estimating import chip_names
from eqspike.experiment.plugins import plugins_in_use
from eqspike.experiment.sweep.axes import Varied
from eqspike.experiment.sweep.grid import grid
from eqspike.experiment.sweep.point import Base
from eqspike.experiment.sweep.results import Outcome, Sweep, pareto_front, write_sweep
from eqspike.experiment.sweep.running import Fleet, run_sweep
from eqspike.experiment.sweep.searching import run_search
from eqspike.training.lock import locked


def portable_base(
    model: str, task: str, *, engine: str | None = None, seed: int = 0, epochs: int | None = None,
    limit: int | None = None, overrides: tuple[str, ...] = (), chips: Sequence[str] = (),
    checkpoint_seconds: float = 120.0, validation: float | int | None = None,
) -> Base:  # fmt: skip
    """What the points of a sweep share, with names that mean the same in every process.

    Raises:
        ConfigError: for an unknown model, task or chip.
    """
    return Base(
        anywhere("models", model),
        anywhere("tasks", task),
        engine,
        seed,
        epochs,
        limit,
        overrides,
        tuple(anywhere("chips", chip) for chip in chip_names(tuple(chips))),
        checkpoint_seconds,
        plugins_in_use(),
        validation=validation,
    )


def sweep_into(
    out: Path, base: Base, axes: Sequence[Varied], fleet: Fleet | None = None,
    follow: Callable[[Outcome, int], None] = lambda outcome, left: None, trials: int | None = None,
) -> tuple[Sweep, list[Path]]:  # fmt: skip
    """Run a grid, or so many trials of a search, in the folder `out`, then write tables and figures, all or none.

    Arguments and errors are those of `run_sweep`. A sweep that is interrupted goes on from its checkpoints.

    Returns:
        The sweep, and the files beside the points' run folders.

    Raises:
        MissingPackageError: if Dask, or with chips matplotlib, is not installed.
    """
    _refuse_contradictions(base, axes)
    if trials is None:
        grid(axes)  # what it refuses leaves no folder behind
    if base.chips:
        require_matplotlib()
    check_writable(out, "sweep.json")
    with locked(out):
        remove_parts(out)
        if trials is None:
            found = run_sweep(base, axes, out, fleet, follow)
        else:
            found = run_search(base, axes, trials, out, fleet, follow)
        with together():
            return found, [*write_sweep(found, out), *_figures(found, out)]


def _refuse_contradictions(base: Base, axes: Sequence[Varied]) -> None:
    """Refuse a setting that is both fixed and varied.

    Raises:
        ConfigError: naming it.
    """
    fixed = {text.partition("=")[0].strip(): f"--set {shorten(text)}" for text in base.overrides}
    if base.epochs is not None:
        fixed["training.epochs"] = f"--epochs {base.epochs}"
    for axis in axes:
        for key, said in fixed.items():
            if key == axis.key or key.startswith(f"{axis.key}."):
                raise ConfigError(
                    f"--vary {shorten(axis.key)} contradicts {said}; give one of them"
                )


def anywhere(kind: str, name: str) -> str:
    """A name of the library, or an absolute path."""
    path = library.find(kind, name)
    return name if name in library.names(kind) else str(path.resolve())


def _figures(found: Sweep, out: Path) -> list[Path]:
    """One figure for each chip that prices at least two points."""
    paths = []
    for chip in found.base.chips:
        front = set(pareto_front(found, chip))
        priced = []
        for index, outcome in enumerate(found.outcomes):
            energy, accuracy = outcome.energy(chip), outcome.accuracy
            if energy is not None and accuracy is not None:
                bounds = (energy["low"], energy["typical"], energy["high"])
                lower = outcome.lower_bound(chip)
                priced.append(Priced(outcome.point.name, accuracy, bounds, index in front, lower))
        if len(priced) > 1:
            name = Path(chip).stem
            paths.append(draw_front(priced, f"{found.base.model}, {name}", out / f"{name}.png"))
    return paths

"""A grid of runs, or a search."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.api.given import name_of, overrides_of, path_of, whole
from eqspike.core.errors import ConfigError
from eqspike.core.showing import show
from eqspike.experiment.plugins import plugins as using
from eqspike.experiment.sweep import Fleet, Sweep, Varied, sweep_into
from eqspike.experiment.sweep.axes import check_axis
from eqspike.experiment.sweep.study import check_sampler
from eqspike.experiment.sweep.whole import portable_base


def sweep(
    model: str | os.PathLike[str],
    task: str | os.PathLike[str],
    vary: Mapping[str, Sequence[Any] | str],
    *,
    out: str | os.PathLike[str],
    sampler: str = "grid",
    trials: int | None = None,
    chips: Sequence[str] = (),
    epochs: int | None = None,
    seed: int = 0,
    engine: str | None = None,
    limit: int | None = None,
    validation: float | int | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    plugins: Sequence[str | Path] = (),
) -> Sweep:
    """Train, and price on chips, every combination of some settings, or those that a sampler proposes; by Dask.

    Args:
        vary: values by key, such as `{"rule.beta": [0.2, 0.3], "seed": [0, 1, 2]}`; with a sampler also ranges:
            `"uniform(0.1, 1)"`, `"log(0.01, 1)"`, `"whole(10, 99)"`.
        sampler: `grid`, or `optuna`, which seeks the best value of the task's metric on the validation samples; on
            the test set where there are none.
        trials: points that the sampler proposes, in all; with more than before, a search in `out` goes on.
        out: folder of the runs and of the table; what is complete in it is not computed again.
        chips: library names or paths of profiles that price each run.
        epochs, seed, engine, limit, validation, settings, plugins: of all runs, as for `train`.
        workers: processes, by default one per core. Each first runs the script that calls this, so that a script
            calls it below `if __name__ == "__main__":`.

    Returns:
        Every point's accuracy and energies, and the `best` of a search; a point that failed says why and stops no
        other.

    Raises:
        EqspikeError: before any work, for anything wrong at any point.
    """
    if not isinstance(vary, Mapping):
        raise ConfigError(f"vary must be a mapping from keys to lists, got {show(vary)}")
    for name, value, low in (("epochs", epochs, 1), ("seed", seed, 0), ("limit", limit, 1)):
        whole(name, value, low)
    whole("workers", workers)
    whole("trials", trials)
    trials = check_sampler(sampler, trials)
    axes = [_axis(key, values) for key, values in vary.items()]
    with using(*plugins):
        base = portable_base(
            name_of("model", model), name_of("task", task), engine=engine, seed=seed,
            epochs=epochs, limit=limit, overrides=overrides_of(settings),
            chips=(chips,) if isinstance(chips, str) else chips, validation=validation,
        )  # fmt: skip
        found, _ = sweep_into(path_of("out", out), base, axes, Fleet(workers), trials=trials)
    return found


def _axis(key: str, values: Any) -> Varied:
    if isinstance(values, str):
        return check_axis(key, values, f"vary: {key}")
    if isinstance(values, Mapping) or not hasattr(values, "__len__"):
        raise ConfigError(f"vary: {key} must have a list of values, got {show(values)}")
    plain = [getattr(value, "tolist", lambda value=value: value)() for value in values]
    return check_axis(key, plain, f"vary: {key}")

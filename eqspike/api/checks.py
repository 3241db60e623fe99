"""Checks: two engines against each other, and a rule against the exact gradient."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.api.given import (
    Run,
    folder_of,
    model_of,
    name_of,
    optional_path,
    overrides_of,
    whole,
)
from eqspike.core.errors import ConfigError
from eqspike.core.showing import show
from eqspike.experiment import Model, resolve
from eqspike.experiment.gradients import GradientCheck, check_place
from eqspike.experiment.gradients import check_gradient as measure
from eqspike.experiment.parity import Parity, compare_run
from eqspike.experiment.plugins import plugins as using


def parity(
    run: Run, engines: tuple[str, str] = ("fast", "brian2"), *, samples: int = 20,
    plugins: Sequence[str | Path] = (),
) -> Parity:  # fmt: skip
    """Compare two engines on a run's weights: spikes or messages, states, weight changes and event counts.

    Args:
        engines: such as `("fast", "brian2:cpp_standalone")` or `("fast-int", "lava")`.
        samples: of the test set.

    Returns:
        The comparison; `holds` says whether the engines agree.
    """
    if isinstance(engines, str) or len(engines) != 2 or engines[0] == engines[1]:
        raise ConfigError(f"engines must be two different names, got {show(engines)}")
    whole("samples", samples)
    with using(*plugins):
        return compare_run(folder_of(run), (engines[0], engines[1]), samples)


def check_gradient(
    model: str | os.PathLike[str] | Model,
    task: str | os.PathLike[str],
    *,
    run: Run | None = None,
    samples: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    out: str | os.PathLike[str] | None = None,
    plugins: Sequence[str | Path] = (),
) -> GradientCheck:
    """Compare what a model learns by with the exact gradient, in float64.

    Args:
        run: a run whose weights are used instead of initial ones.
        samples: of the training set, drawn by the seed; by default as many as the kind of model takes.
        settings: changes to the model, such as `{"rule.beta": 0.01}`.
        out: a folder that data, tables and figures are written to.

    Returns:
        The check; `holds` says whether it passed its stated criterion, `to_json()` gives its numbers.
    """
    whole("samples", samples)
    whole("seed", seed, 0)
    folder = optional_path("out", out)
    with using(*plugins):
        configuration = resolve(
            model_of(model), name_of("task", task), seed=seed, overrides=overrides_of(settings)
        )
        if folder:
            check_place(folder)
        of_run = None if run is None else str(folder_of(run))
        check = measure(configuration, samples=samples, run=of_run)
        if folder:
            check.write(folder)
        return check

"""Gradient checks of learners, by their kind; a check's module is imported when it runs."""

from __future__ import annotations

import importlib
from typing import Any

from numpy.typing import NDArray

from eqspike.analysis.gradients.report import GradientReport
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.learners.registry import Recipe

CHECKS: dict[str, str] = {
    "energy-block": "eqspike.analysis.gradients.blocks",
    "hssm": "eqspike.analysis.gradients.echoes",
}
"""Modules with a function `check`, which takes what `check_learner` takes."""


def check_learner(
    recipe: Recipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int
) -> GradientReport:
    """Compare what a learner learns by with the exact gradient, in float64.

    Args:
        inputs, targets: samples of its task.
        weights: what the learner's `load` takes.
        seed: of what is random in learning, such as dropout.

    Raises:
        UnsupportedError: for a kind that has no check.
    """
    if recipe.kind not in CHECKS:
        raise UnsupportedError(
            f"learner.kind '{recipe.kind}' has no theorem to check; kinds with one are {', '.join(CHECKS)}"
        )
    check = importlib.import_module(CHECKS[recipe.kind]).check
    report: GradientReport = check(recipe, inputs, targets, weights, seed)
    return report

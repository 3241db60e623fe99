"""How far the algorithms of one energy-based network are from the gradient, by strength of the nudge and by layer.

The same as the row `the model's phases` of `blocks`, for many algorithms and beta from one exact gradient: the
block's own phases and tolerances, in float64, against automatic differentiation at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from eqspike.analysis.gradients.blocks import NUDGED_TOLERANCE, STEPS, TOLERANCE
from eqspike.analysis.gradients.modules import Probe
from eqspike.analysis.gradients.spikes import Similarities, compare
from eqspike.core.learner import Arrays
from eqspike.learners.energy import EnergyRecipe
from eqspike.nn.algorithms import ALGORITHMS, Contrast, Holomorphic
from eqspike.nn.settings import EnergySettings


def bias(
    recipe: EnergyRecipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int,
    algorithms: Sequence[str], betas: Sequence[float],
) -> dict[tuple[str, float | None], Similarities]:  # fmt: skip
    """Similarity of each parameter's gradient to the exact one, by algorithm and beta.

    Algorithms without a beta have None instead; contrastive learning has 1 alone.

    Args:
        inputs, targets, weights, seed: as of `learners.check_learner`.
        algorithms: keys of `nn.algorithms.ALGORITHMS`.
        betas: above 0.

    Raises:
        ConvergenceError: if the blocks do not come to rest.
        ActivityError: if a gradient is exactly zero.
        UnsupportedError: for what an algorithm cannot use.
    """
    probe = Probe.of(recipe, recipe.images(inputs), targets, weights, seed)
    settings = replace(recipe.settings, precision=None, warm_start=False)
    rest = replace(
        settings, tolerance=TOLERANCE, nudged_tolerance=NUDGED_TOLERANCE, free_steps=STEPS,
        warm_start=True, unsettled="refuse",
    )  # fmt: skip
    exact, _ = probe.at_rest(rest)
    return {
        (name, beta): compare(probe.by_blocks(_changed(settings, name, beta)), exact)
        for name in algorithms
        for beta in _strengths(name, betas)
    }


def _strengths(algorithm: str, betas: Sequence[float]) -> Sequence[float | None]:
    row = ALGORITHMS[algorithm]
    if isinstance(row, Contrast) and row.full:
        return (1.0,)
    return betas if isinstance(row, Contrast | Holomorphic) else (None,)


def _changed(settings: EnergySettings, algorithm: str, beta: float | None) -> EnergySettings:
    return replace(settings, algorithm=algorithm, beta=settings.beta if beta is None else beta)

"""Angles between difference target propagation and backpropagation, of a learner and under other feedback.

Layer by layer, on samples of a task; settings: `nn.target_propagation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqspike.core.learner import Arrays
from eqspike.learners.losses import entropy
from eqspike.learners.target_propagation import TargetRecipe
from eqspike.nn.target_propagation import (
    LayerAngle,
    TargetPropagation,
    compare_feedback,
    layer_angles,
)


def angles_of(
    recipe: TargetRecipe, inputs: NDArray[Any], targets: NDArray[Any], state: Arrays, seed: int
) -> tuple[LayerAngle, ...]:
    """Angles of a learner in this state, its feedback included, on these samples."""
    with recipe.open(seed, "cpu", 1) as learner:
        learner.load(state)
        module = learner.module
    if not isinstance(module, TargetPropagation):
        raise TypeError(type(module).__name__)
    return layer_angles(module, *_tensors(recipe, inputs, targets), entropy)


def held_angles(
    recipe: TargetRecipe, inputs: NDArray[Any], targets: NDArray[Any], seed: int,
    kinds: Sequence[str], batch_size: int, iterated: Mapping[str, Any],
) -> dict[str, tuple[LayerAngle, ...]]:  # fmt: skip
    """Angles under every kind of feedback at the network's initial weights, which are held.

    Args:
        inputs, targets: all batches that feedback learns on, one after the other; angles are of the first.
        kinds: names out of `nn.target_propagation.FEEDBACKS`.
        iterated: `iterations`, `noise` and `rate` of feedback that is iterated.
    """
    images, labels = _tensors(recipe, inputs, targets)
    parts = (torch.split(each, batch_size) for each in (images, labels))
    batches = list(zip(*parts, strict=True))
    model = {"beta": recipe.beta, "activation": recipe.activation, "seed": seed}
    solved = recipe.settings if recipe.feedback == "solved" else None
    return compare_feedback(
        recipe.network.module(seed), batches, entropy, kinds, model, iterated, solved
    )


def _tensors(
    recipe: TargetRecipe, inputs: NDArray[Any], targets: NDArray[Any]
) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(recipe.network.images(inputs)), torch.from_numpy(np.array(targets))

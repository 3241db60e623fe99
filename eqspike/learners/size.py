"""How many numbers a learner holds, before any of them is allocated."""

from __future__ import annotations

from contextlib import suppress

import torch

from eqspike.learners.registry import Recipe

BYTES = 8
"""Of each weight, at the least: itself and its gradient, in float32."""


def numbers_of_weights(recipe: Recipe) -> dict[str, int]:
    """Numbers of weights by name; empty where a module cannot be made without its numbers."""
    with (
        suppress(NotImplementedError, RuntimeError),
        torch.device("meta"),
        torch.random.fork_rng([]),
    ):
        return recipe.weights()
    return {}

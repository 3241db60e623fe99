"""The optimiser of a learner, as its description names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from eqspike.core.config import Section

KINDS = ("sgd", "adam")


@dataclass(frozen=True)
class OptimiserRecipe:
    """PyTorch's own optimisers.

    Attributes:
        kind: `sgd`, or `adam` (Kingma and Ba, ICLR 2015).
        learning_rate: above 0; the schedule multiplies it.
        momentum: of `sgd`, 0 to 1 (1 excluded); weight_decay: of both, 0 or more.
    """

    kind: str
    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    @staticmethod
    def read(training: Section) -> OptimiserRecipe:
        """Read it from a model's `training` section."""
        kind = training.choice("optimiser", KINDS, "sgd")
        recipe = OptimiserRecipe(
            kind,
            training.number("learning_rate", above=0, high=1e6),
            training.number("momentum", 0.0, low=0, high=0.9999),
            training.number("weight_decay", 0.0, low=0, high=1e3),
        )
        if recipe.momentum and kind != "sgd":
            raise training.error("momentum", "0 where training.optimiser is not sgd")
        return recipe

    @property
    def make(self) -> Callable[[nn.Module], Optimizer]:
        """Given a module, an optimiser of its parameters."""
        if self.kind == "adam":
            return lambda module: torch.optim.Adam(
                module.parameters(), self.learning_rate, weight_decay=self.weight_decay
            )
        return lambda module: torch.optim.SGD(
            module.parameters(), self.learning_rate, self.momentum, weight_decay=self.weight_decay
        )

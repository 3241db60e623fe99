"""The optimiser of a learner, as its description names it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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
    def read(training: Section, rates: Sequence[float] = ()) -> OptimiserRecipe:
        """Read it from a model's `training` section.

        Args:
            rates: of groups of parameters that have their own, instead of one of all.

        Raises:
            ConfigError: for a value out of range, or one rate beside those of groups.
        """
        training.explain(
            optimiser="stochastic gradient descent, or Adam",
            learning_rate="of the optimiser; the schedule multiplies it",
            momentum="of `sgd`",
            weight_decay="L2 penalty of the optimiser",
        )
        if rates and training.has("learning_rate") and not training.is_null("learning_rate"):
            raise training.error(
                "learning_rate",
                "null, or left out, beside training.learning_rates",
                "set the one that is not meant to null",
            )
        kind = training.choice("optimiser", KINDS, "sgd")
        recipe = OptimiserRecipe(
            kind,
            max(rates) if rates else training.number("learning_rate", above=0, high=1e6),
            training.number("momentum", 0.0, low=0, high=0.9999),
            training.number("weight_decay", 0.0, low=0, high=1e3),
        )
        if recipe.momentum and kind != "sgd":
            raise training.error("momentum", "0 where training.optimiser is not sgd")
        return recipe

    def of(self, module: nn.Module) -> Optimizer:
        """The optimiser of all parameters of a module."""
        return self.make(module.parameters())

    def make(self, parameters: Iterable[Any]) -> Optimizer:
        """The optimiser of these parameters, or groups of them."""
        if self.kind == "adam":
            return torch.optim.Adam(parameters, self.learning_rate, weight_decay=self.weight_decay)
        return torch.optim.SGD(
            parameters, self.learning_rate, self.momentum, weight_decay=self.weight_decay
        )

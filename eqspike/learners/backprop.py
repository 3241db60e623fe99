"""Backpropagation, the baseline: a fully connected network trained on cross-entropy by automatic differentiation.

z_k = W_k x_(k-1) + b_k        x_k = activation(z_k) in hidden layers, logits = z of the output
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import nn

from eqspike.core.config import Section
from eqspike.learners.gradient import GradientLearner, levels
from eqspike.learners.optimisers import OptimiserRecipe

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "hard-sigmoid": nn.Hardsigmoid,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
}


@dataclass(frozen=True)
class Backprop:
    """A dense network and how it learns.

    Attributes:
        layers: neurons of each layer, input first; activation: of the hidden ones, one of `ACTIVATIONS`.
    """

    layers: tuple[int, ...]
    activation: str
    optimiser: OptimiserRecipe
    kind: ClassVar[str] = "backprop"

    @staticmethod
    def read(section: Section, training: Section) -> Backprop:
        """Read a model's `learner` section of kind `backprop`."""
        return Backprop(
            section.integers("layers", low=1, high=1_000_000, least=2),
            section.choice("activation", tuple(ACTIVATIONS), "relu"),
            OptimiserRecipe.read(training),
        )

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with PyTorch's initial weights, drawn from `seed`."""
        del stages
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            module = self._module()
        loss = nn.functional.cross_entropy
        return GradientLearner(module, self.optimiser.of, loss, levels, device=device)

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        wanted = math.prod(input_shape), outputs
        if wanted == (self.layers[0], self.layers[-1]):
            return ""
        return (
            f"has {self.layers[0]} inputs and {self.layers[-1]} outputs, but the task has {wanted[0]} and "
            f"{wanted[1]}; set learner.layers to [{wanted[0]}, ..., {wanted[1]}]"
        )

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self._module().named_parameters()}

    def _module(self) -> nn.Sequential:
        parts: list[nn.Module] = []
        for pre, post in pairwise(self.layers):
            parts += [nn.Linear(pre, post), ACTIVATIONS[self.activation]()]
        return nn.Sequential(*parts[:-1])

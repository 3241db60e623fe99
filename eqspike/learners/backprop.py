"""Backpropagation, the baseline: a feedforward network trained on cross-entropy by automatic differentiation.

z_k = W_k x_(k-1) + b_k        x_k = activation(z_k) in hidden layers, logits = z of the output
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.core.config import Section
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import entropy
from eqspike.learners.networks import ACTIVATIONS, NetworkRecipe
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.registry import Recipe


@dataclass(frozen=True)
class Backprop(Recipe):
    """A network and how it learns."""

    network: NetworkRecipe
    optimiser: OptimiserRecipe
    kind: ClassVar[str] = "backprop"
    presented: ClassVar[str] = "images"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> Backprop:
        """Read a model's `learner` section of kind `backprop`."""
        network = NetworkRecipe.read(section, tuple(ACTIVATIONS), "relu")
        return Backprop(network, OptimiserRecipe.read(training))

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with PyTorch's initial weights, drawn from `seed`."""
        del stages
        module = self.network.module(seed)
        images = self.network.images
        return GradientLearner(
            module, self.optimiser.of, entropy, images, device=device, augmented=images.augmented
        )

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        return self.network.misfit(input_shape, outputs)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self.network.module().named_parameters()}

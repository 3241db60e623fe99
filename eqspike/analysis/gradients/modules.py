"""Gradients of a learner's module on one batch, in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eqspike.analysis.gradients.fixed_point import AtRest
from eqspike.core.learner import Arrays
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import LOSSES
from eqspike.nn.energy_block import EnergyBlock
from eqspike.nn.settings import EnergySettings


class ModuleRecipe(Protocol):
    """What is needed of a recipe."""

    @property
    def loss(self) -> str:
        """Key of `learners.losses.LOSSES`."""
        ...

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """See `learners.registry.Recipe`."""
        ...


@dataclass(frozen=True)
class Probe:
    """A module in float64, as it is while it learns, and a batch.

    Attributes:
        module: with the weights that are asked for.
        inputs, targets: the batch; loss: key of `learners.losses.LOSSES`.
        seed: of what is drawn in learning.
    """

    module: nn.Module
    inputs: Tensor
    targets: Tensor
    loss: str
    seed: int

    @staticmethod
    def of(
        recipe: ModuleRecipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int
    ) -> Probe:  # fmt: skip
        """The module of a recipe.

        Args:
            inputs: as the module takes them.
            weights: what the learner's `load` takes.
        """
        with recipe.open(seed, "cpu", 1) as learner:
            learner.load(weights)
            module = learner.module
        wanted = torch.from_numpy(np.array(targets))
        return Probe(
            module.double().train(), torch.from_numpy(inputs).double(),
            wanted.double() if wanted.is_floating_point() else wanted, recipe.loss, seed,
        )  # fmt: skip

    def gradients(self, module: nn.Module | None = None) -> Arrays:
        """Of the loss, by the parameters that have one, named as the module names them.

        Args:
            module: another way from the same parameters to outputs.
        """
        self.module.zero_grad()
        with torch.random.fork_rng([]):
            torch.manual_seed(self.seed)
            outputs = (module or self.module)(self.inputs)
            LOSSES[self.loss](outputs, self.targets).backward()  # type: ignore[no-untyped-call]
        return {
            name: value.grad.numpy().copy()
            for name, value in self.module.named_parameters()
            if value.grad is not None
        }

    def by_blocks(self, settings: EnergySettings) -> Arrays:
        """Of a stack whose energy blocks have these settings."""
        self._set(settings)
        return self.gradients()

    def at_rest(self, settings: EnergySettings, clamp: bool = False) -> tuple[Arrays, int]:
        """Of a stack by automatic differentiation at rest, and the steps that its slowest block needed.

        Args:
            clamp: what clamped outputs tend to instead; see `fixed_point`.
        """
        self._set(settings)
        stack = nn.Sequential(
            *(AtRest(m, clamp) if isinstance(m, EnergyBlock) else m for m in self.module.children())
        )
        found = self.gradients(stack)
        settled = [block.report.free for block in self.blocks()]
        return found, max(each.steps for each in settled if each is not None)

    def _set(self, settings: EnergySettings) -> None:
        """Of every block, but for the curvature: that of the loss is felt by the last one alone."""
        for block in self.blocks():
            block.settings = replace(settings, curvature=block.settings.curvature)

    def blocks(self) -> list[EnergyBlock]:
        """From the lowest."""
        return [each for each in self.module.children() if isinstance(each, EnergyBlock)]

"""Hamiltonian state-space models (HSSM) on series, whose units learn by echo or by backpropagation through time.

Source: G. Pourcel and M. Ernoult, arXiv:2506.05259, 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.learners.fit import misfit_of_outputs, together
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import LOSSES, misfit_of_values
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.registry import Recipe
from eqspike.nn.hamiltonian.unit import BACKWARDS
from eqspike.nn.hssm import KINDS, HamiltonianStack


@dataclass(frozen=True)
class SeriesRecipe(Recipe):
    """A stack of Hamiltonian units.

    Attributes:
        channels, outputs: of the task; channels without that of time.
        units: kind of oscillators; backward: how units learn.
        time_channel: whether a channel tells how much of the series has passed, from 0 to 1.
        hidden, size, blocks, step, dropout, recompute: see `nn.hssm.HamiltonianStack`.
        loss: key of `learners.losses.LOSSES`.
    """

    channels: int
    outputs: int
    units: str
    backward: str
    time_channel: bool
    hidden: int
    size: int
    blocks: int
    step: float
    dropout: float
    loss: str
    recompute: bool
    optimiser: OptimiserRecipe
    kind: ClassVar[str] = "hssm"
    presented: ClassVar[str] = "series"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> SeriesRecipe:
        """Read a model's `learner` section of kind `hssm`."""
        section.explain(
            channels="channels of the series, without that of time",
            outputs="classes, or values",
            units="kind of oscillators",
            backward="how the units learn: by echo, or through time",
            hidden="channels inside the stack",
            size="oscillators of a unit",
            blocks="units in the stack",
            step="time step of the oscillators",
            dropout="share of values set to 0 in training",
            loss="cost at the output",
        )
        return SeriesRecipe(
            section.integer("channels", low=1, high=100_000),
            section.integer("outputs", low=1, high=100_000),
            section.choice("units", tuple(KINDS), "linear"),
            section.choice("backward", BACKWARDS, "rhel"),
            section.flag("time_channel", True),
            section.integer("hidden", 64, low=1, high=100_000),
            section.integer("size", 64, low=1, high=100_000),
            section.integer("blocks", 2, low=1, high=1000),
            section.number("step", 0.01, above=0, high=1),
            section.number("dropout", 0.05, low=0, high=0.99),
            section.choice("loss", tuple(LOSSES), "cross-entropy"),
            section.flag("recompute", False),
            OptimiserRecipe.read(training),
        )

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with its initial weights drawn from `seed`."""
        del stages
        read = with_time if self.time_channel else _as_they_are
        return GradientLearner(
            self.module(seed), self.optimiser.of, LOSSES[self.loss], read, device=device
        )

    def module(self, seed: int = 0) -> HamiltonianStack:
        """The stack."""
        return HamiltonianStack(
            self.channels + self.time_channel, self.outputs, hidden=self.hidden, units=self.size,
            blocks=self.blocks, kind=self.units, step=self.step, backward=self.backward,
            dropout=self.dropout, seed=seed, recompute=self.recompute,
        )  # fmt: skip

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        found = input_shape[-1]
        channels = (
            f"takes series of {self.channels} channels, but the task's have {found}; "
            f"set learner.channels to {found}"
        )
        return together(
            "" if found == self.channels else channels,
            misfit_of_outputs(self.outputs, outputs, "learner.outputs"),
        )

    def misfit_of_values(self) -> str:
        """See `learners.registry.Recipe`."""
        return misfit_of_values(self.loss)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self.module().named_parameters()}


def with_time(series: NDArray[Any]) -> NDArray[np.float32]:
    """Series (samples, steps, channels) with a last channel that goes from 0 to 1."""
    samples, steps, _ = series.shape
    time = np.broadcast_to(np.linspace(0, 1, steps, dtype=np.float32)[:, None], (samples, steps, 1))
    return np.concatenate([np.asarray(series, np.float32), time], 2)


def _as_they_are(series: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(series, np.float32)

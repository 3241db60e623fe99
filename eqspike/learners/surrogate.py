"""A spiking network trained by surrogate gradients, in Norse, as a learner: what a user would take today.

`nn.spiking.SpikingNetwork` is presented the spikes of an encoder, as EqSpike's input layer is: the same pixels,
steps and random streams give the same spikes (`learners.surrogate_learner`).
Neftci, Mostafa and Zenke, IEEE Signal Processing Magazine 36(6), 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from eqspike.core.config import Section
from eqspike.learners.fit import misfit_of_layers
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.presentation import Presented, Shape
from eqspike.learners.registry import Recipe
from eqspike.learners.surrogate_learner import SurrogateLearner
from eqspike.nn.spiking import SpikingNetwork
from eqspike.tasks.encoders import Encoder


@dataclass(frozen=True)
class SurrogateRecipe(Recipe):
    """A spiking network, its input spikes, and how it learns.

    Attributes:
        layers: neurons of each layer, input first, at least three.
        steps: of a presentation; encoder: makes the input spikes.
        cells: `membrane_s`, `synapse_s`, `threshold`, `alpha` and `step_s` of `nn.spiking.SpikingNetwork`.
    """

    layers: tuple[int, ...]
    steps: int
    encoder: Encoder
    optimiser: OptimiserRecipe
    cells: dict[str, float] = field(default_factory=dict)
    kind: ClassVar[str] = "norse"
    presented: ClassVar[str] = "images"
    messages: ClassVar[str] = "spikes and gradients"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> SurrogateRecipe:
        """Read a model's `learner` section of kind `norse`.

        Raises:
            ConfigError: for an unknown key, a value out of range, or an encoder without spikes.
        """
        section.explain(
            step_s="time step in seconds",
            membrane_s="time constant of the membrane in seconds",
            synapse_s="time constant of the synapse in seconds",
            threshold="potential at which a neuron spikes",
            alpha="steepness of the surrogate gradient",
            steps="time steps for each sample",
        )
        layers = section.integers("layers", low=1, high=1_000_000, least=3)
        encoded = section.section("encoder")
        encoder = Encoder.read(encoded)
        if not encoder.spikes:
            raise encoded.error("kind", "an encoder that spikes")
        step = section.number("step_s", 0.001, above=0, high=1)
        cells = {
            "step_s": step,
            "membrane_s": section.number("membrane_s", 0.01, low=step, high=100),
            "synapse_s": section.number("synapse_s", 0.005, low=step, high=100),
            "threshold": section.number("threshold", 1.0, above=0, high=1e6),
            "alpha": section.number("alpha", 100.0, above=0, high=1e6),
        }
        steps = section.integer("steps", low=1, high=100_000)
        return SurrogateRecipe(layers, steps, encoder, OptimiserRecipe.read(training), cells)

    def open(self, seed: int, device: str, stages: int) -> SurrogateLearner:
        """A learner with its initial weights drawn from `seed`."""
        del stages
        module = Presented(SpikingNetwork(self.layers, seed=seed, **self.cells))
        return SurrogateLearner(module, self.shape, self.encoder, self.optimiser.of, device)

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        return misfit_of_layers(self.layers, input_shape, outputs)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {
            name: pre * post
            for name, (pre, post) in zip(self.shape.couplings, pairwise(self.layers), strict=True)
        }

    @property
    def shape(self) -> Shape:
        """What counting needs to know."""
        hidden = len(self.layers) - 2
        middle = ["hidden"] if hidden == 1 else [f"hidden{n + 1}" for n in range(hidden)]
        return Shape(("input", *middle, "output"), self.layers, self.steps)

"""A spiking network trained by surrogate gradients, in Norse, as a learner: what a user would take today.

`nn.spiking.SpikingNetwork` is presented the spikes of an encoder, as EqSpike's input layer is: the same pixels,
steps and random streams give the same spikes. Events are counted in `learners.presentation`.
Neftci, Mostafa and Zenke, IEEE Signal Processing Magazine 36(6), 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.counts import EventCounts, PhaseCounts
from eqspike.core.learner import Arrays, Batch, Outputs, Pace
from eqspike.learners.fit import misfit_of_layers
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import entropy
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.presentation import Presented, Shape, backward_counts, free_counts
from eqspike.nn.spiking import SpikingNetwork
from eqspike.tasks.encoders import Encoder

PART = 250
"""Samples that are predicted at a time: their spikes are held as a whole."""


@dataclass(frozen=True)
class SurrogateRecipe:
    """A spiking network, its input spikes, and how it learns.

    Attributes:
        layers: neurons of each layer, input first, at least three.
        steps: of a presentation; encoder: makes the input spikes.
        cells: `membrane_s`, `synapse_s`, `threshold`, `alpha` and `step_s` of `nn.spiking.SpikingNetwork`.
        messages: what synapses are sent, for reports.
    """

    layers: tuple[int, ...]
    steps: int
    encoder: Encoder
    optimiser: OptimiserRecipe
    cells: dict[str, float] = field(default_factory=dict)
    kind: ClassVar[str] = "norse"
    messages: ClassVar[str] = "spikes and gradients"

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
        return SurrogateLearner(self, seed, device)

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        return misfit_of_layers(self.layers, input_shape, outputs)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {
            f"{a}-{b}": pre * post
            for (a, b), (pre, post) in zip(pairwise(self.names), pairwise(self.layers), strict=True)
        }

    @property
    def shape(self) -> Shape:
        """What counting needs to know."""
        return Shape(self.names, self.layers, self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the layers, as in networks of spikes."""
        hidden = len(self.layers) - 2
        middle = ["hidden"] if hidden == 1 else [f"hidden{n + 1}" for n in range(hidden)]
        return ("input", *middle, "output")


class SurrogateLearner:
    """Learns by surrogate gradients through time. A context manager.

    Args:
        recipe: how; seed: of the initial weights; device: name of a torch device.
    """

    def __init__(self, recipe: SurrogateRecipe, seed: int = 0, device: str = "cpu") -> None:
        self.recipe = recipe
        network = SpikingNetwork(recipe.layers, seed=seed, **recipe.cells)
        self._module = Presented(network)
        self._inner = GradientLearner(
            self._module, recipe.optimiser.of, entropy, _as_they_are, device=device
        )
        self._counts, self._read = EventCounts(), dict[str, NDArray[np.int64]]()
        self._spikes = self._silence()

    def __enter__(self) -> SurrogateLearner:
        self._inner.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._inner.__exit__(*exception)

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch; see `core.learner.Learner`."""
        free = self._nonzero()
        outputs = self._inner.fit(self._encoded(batch), pace)
        self._take(len(batch), free, learns=True)
        return outputs

    def predict(self, batch: Batch) -> Outputs:
        """Greatest potential of each output neuron over time."""
        parts, nonzero = [], self._nonzero()
        for first in range(0, len(batch), PART):
            part = slice(first, first + PART)
            some = replace(
                batch,
                inputs=batch.inputs[part], targets=batch.targets[part], keys=batch.keys[part],
            )  # fmt: skip
            parts.append(self._inner.predict(self._encoded(some)))
            for name, spikes in zip(self.recipe.names[1:], self._module.sent[1:], strict=False):
                self._spikes[name] = self._spikes[name] + spikes
            self._take(len(some), nonzero, learns=False)
        return np.concatenate(parts)

    def weights(self) -> Arrays:
        """Copies of the weights by name."""
        return self._inner.weights()

    def state(self) -> Arrays:
        """Those, and the optimiser's memory."""
        return self._inner.state()

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned."""
        self._inner.load(state)

    def take_counts(self) -> EventCounts:
        """Events since the last call."""
        counts, self._counts = self._counts, EventCounts()
        self._read, self._spikes = self._spikes, self._silence()
        return counts

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Of each hidden neuron, in what was predicted before the last `take_counts`."""
        return self._read

    def _silence(self) -> dict[str, NDArray[np.int64]]:
        sizes = zip(self.recipe.names[1:-1], self.recipe.layers[1:-1], strict=True)
        return {name: np.zeros(size, np.int64) for name, size in sizes}

    def _encoded(self, batch: Batch) -> Batch:
        """The same batch as spikes (samples, steps, pixels)."""
        encode, steps = self.recipe.encoder.encode, self.recipe.steps
        spikes = [
            encode(np.asarray(image).ravel(), steps, int(key)).astype(np.uint8)
            for image, key in zip(batch.inputs, batch.keys, strict=True)
        ]
        return replace(batch, inputs=np.stack(spikes))

    def _nonzero(self) -> list[NDArray[np.int64]]:
        """Weights that are not 0, of each neuron that sends, as the coming batch meets them."""
        return [
            np.count_nonzero(weight.detach().cpu().numpy(), axis=0)
            for weight in self._module.network.weights
        ]

    def _take(self, samples: int, nonzero: list[NDArray[np.int64]], learns: bool) -> None:
        """Adds what the module has done since."""
        inner = self._inner.take_counts()
        free = free_counts(self.recipe.shape, self._module.sent, nonzero, samples)
        phases = {"free": free}
        if learns:
            written = inner.phases["update"].plasticity.values()
            update = PhaseCounts(0, {}, {}, dict(zip(self.recipe.weights(), written, strict=True)))
            phases |= {"backward": backward_counts(self.recipe.shape, samples), "update": update}
        self._module.clear()
        self._counts += EventCounts(samples, phases)


def _as_they_are(spikes: NDArray[Any]) -> NDArray[Any]:
    return spikes

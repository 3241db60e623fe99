"""Learning by surrogate gradients through time: an encoder's spikes in, events of `core.counts` out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.optim import Optimizer

from eqspike.core.counts import EventCounts, PhaseCounts
from eqspike.core.learner import Arrays, Batch, Outputs, Pace
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import entropy
from eqspike.learners.presentation import Presented, Shape, backward_counts, free_counts
from eqspike.tasks.encoders import Encoder

PART = 250
"""Samples that are predicted at a time: their spikes are held as a whole."""


class SurrogateLearner:
    """Learns by surrogate gradients through time. A context manager.

    Args:
        module: the network, its layers and steps those of `shape`.
        encoder: makes the input spikes.
        optimiser: makes one for the module's parameters; device: name of a torch device.
    """

    def __init__(
        self, module: Presented, shape: Shape, encoder: Encoder,
        optimiser: Callable[[nn.Module], Optimizer], device: str = "cpu",
    ) -> None:  # fmt: skip
        self._module, self._shape, self._encoder = module, shape, encoder
        self._inner = GradientLearner(module, optimiser, entropy, _as_they_are, device=device)
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
            some = batch.part(slice(first, first + PART))
            parts.append(self._inner.predict(self._encoded(some)))
            for name, spikes in zip(self._shape.names[1:], self._module.sent[1:], strict=False):
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
        sizes = zip(self._shape.names[1:-1], self._shape.layers[1:-1], strict=True)
        return {name: np.zeros(size, np.int64) for name, size in sizes}

    def _encoded(self, batch: Batch) -> Batch:
        """The same batch as spikes (samples, steps, pixels)."""
        encode, steps = self._encoder.encode, self._shape.steps
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
        free = free_counts(self._shape, self._module.sent, nonzero, samples)
        phases = {"free": free}
        if learns:
            written = inner.phases["update"].plasticity.values()
            update = PhaseCounts(0, {}, {}, dict(zip(self._shape.couplings, written, strict=True)))
            phases |= {"backward": backward_counts(self._shape, samples), "update": update}
        self._module.clear()
        self._counts += EventCounts(samples, phases)


def _as_they_are(spikes: NDArray[Any]) -> NDArray[Any]:
    return spikes

"""What the training loop sees of whatever learns."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Keys = NDArray[np.uint64]
Arrays = dict[str, NDArray[np.float64]]


class Session(Protocol):
    """A network with weights inside an engine: the only mutable thing. A context manager.

    `images` are (samples, pixels) levels 0..255, `keys` (samples,) the random stream of each presentation.
    """

    def __enter__(self) -> Session: ...

    def __exit__(self, *exception: Any) -> None: ...

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> int:
        """Learn from one batch; returns how many samples the free phase classified rightly.

        `rate_factor` multiplies the learning rates; `write_key` is the random stream of the weight writes.
        """
        ...

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes, or rates at its end."""
        ...

    def weights(self) -> Arrays:
        """Stored weights and biases by name: `input-hidden` (pre, post), `hidden.bias` (neurons,)...

        And what the memory keeps beside them (`memory.RememberingMemory`), such as `input-hidden.inertia`.
        """
        ...

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and what the memory keeps: anew, if it is not given."""
        ...

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        ...


@runtime_checkable
class CountsNeurons(Protocol):
    """A session that also knows which neurons the counted spikes were of."""

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Spikes in the free phase of each neuron, (neurons,) by free layer, in what `scores` was given before the
        last `take_counts`."""
        ...

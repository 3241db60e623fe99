"""What training, evaluation, metering and sweeps see of whatever learns, and what an engine offers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Keys = NDArray[np.uint64]
Arrays = dict[str, NDArray[np.float64]]
Outputs = NDArray[Any]
"""What a learner answers, (samples, outputs): scores of classes, or values; the task's metric judges them."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples that are presented together.

    Attributes:
        inputs: (samples, ...): levels 0..255 of pixels, real vectors, or sequences (samples, steps, channels).
        targets: (samples,) labels, or (samples, outputs) values; not looked at in predictions.
        keys: (samples,) the random stream of each presentation.
        stage: which task of a curriculum the samples are of, counted from 0.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    keys: Keys
    stage: int = 0

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, rows: slice) -> Batch:
        """Some of the samples."""
        return replace(
            self, inputs=self.inputs[rows], targets=self.targets[rows], keys=self.keys[rows]
        )


@dataclass(frozen=True)
class Pace:
    """How a batch is learnt.

    Attributes:
        rate_factor: multiplies the learning rates (the schedule).
        key: random stream of what is random in learning, such as writes that round at random.
    """

    rate_factor: float
    key: int


class Learner(Protocol):
    """Whatever learns from batches and answers them. A context manager.

    All randomness follows the keys, so that a learner with the same state and the same batches ends the same.
    """

    def __enter__(self) -> Learner: ...

    def __exit__(self, *exception: Any) -> None: ...

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch; returns its outputs before learning."""
        ...

    def predict(self, batch: Batch) -> Outputs:
        """Outputs of each sample."""
        ...

    def weights(self) -> Arrays:
        """Copies of what is learnt, by name."""
        ...

    def state(self) -> Arrays:
        """Weights and all that going on from here needs beside them: an optimiser's memory, inertia, ..."""
        ...

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned.

        Raises:
            ConfigError: for a wrong name or shape, or a value that is not finite.
        """
        ...

    def take_counts(self) -> EventCounts:
        """Events, or multiply-accumulates, since the last call, which starts the counting anew."""
        ...

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """See `CountsNeurons`; empty where nobody counts them."""
        ...


class Session(Protocol):
    """A network of spikes or rates with weights inside an engine. A context manager.

    `images` are (samples, pixels) levels 0..255, `keys` (samples,) the random stream of each presentation.
    """

    def __enter__(self) -> Session: ...

    def __exit__(self, *exception: Any) -> None: ...

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; returns the read-out of its free phase, (samples, classes), as `scores` does.

        `rate_factor` multiplies the learning rates; `write_key` is the random stream of the weight writes.
        """
        ...

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, classes), in spikes, or rates at its end."""
        ...

    def weights(self) -> Arrays:
        """Stored weights and biases by name: `input-hidden` (pre, post), `hidden.bias` (neurons,)...

        And what the memory keeps beside them, such as `input-hidden.inertia`.
        """
        ...

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and what the memory keeps: anew, if it is not given."""
        ...

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        ...


@runtime_checkable
class MeasuresRest(Protocol):
    """A session, or a learner, that knows how far its free phases have ended from rest."""

    def take_residuals(self) -> NDArray[np.float64]:
        """The largest |change of a rate| in the last free step of each sample that was scored since the last call.

        (samples,), in any order; empty where no rule asks for rest.
        """
        ...


@runtime_checkable
class CountsNeurons(Protocol):
    """A session that also knows which neurons the counted spikes were of."""

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Spikes in the free phase of each neuron, (neurons,) by free layer, in what `scores` was given before the
        last `take_counts`."""
        ...

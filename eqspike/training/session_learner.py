"""A session of any engine as a learner of a sequence of tasks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Session
from eqspike.core.random_stream import stream_key
from eqspike.training.loop import predict, presentation_keys

_LEARNING = 0x5E9


class SessionLearner:
    """Learns one task after another by the session's own rule; see `training.curriculum.Learner`.

    Args:
        session: untrained; its memory decides what is kept and forgotten.
        batch_size: samples of one write, at least 1.
        seed: of the random streams.
        own_biases: each task is tested with the biases as they were when it was last trained: what the
            normalisations of a binary network are to it. The task is then told in tests.
    """

    def __init__(
        self, session: Session, batch_size: int, seed: int = 0, own_biases: bool = True
    ) -> None:
        self._session, self._batch_size, self._seed = session, batch_size, seed
        self._own_biases = own_biases
        self._kept: dict[int, Arrays] = {}
        self._task = self._epoch = 0

    def begin(self, task: int) -> None:
        """What is learnt from now on is task number `task`; nothing is reset."""
        self._task = task

    def learn(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], order: NDArray[np.int64]
    ) -> None:
        """One epoch: batches of the samples in this order, at the full learning rate."""
        keys = presentation_keys(self._seed, _LEARNING, self._epoch, len(order))
        for first in range(0, len(order), self._batch_size):
            part = slice(first, first + self._batch_size)
            self._session.fit(
                images[order[part]], labels[order[part]], keys[part], 1.0,
                stream_key(self._seed, _LEARNING, self._epoch, first),
            )  # fmt: skip
        self._session.take_counts()
        self._epoch += 1
        self._kept[self._task] = _biases(self._session.weights())

    def predict(self, images: NDArray[np.uint8], task: int) -> NDArray[np.int64]:
        """Class of each image of a task."""
        now = self._session.weights()
        own = self._kept.get(task, {}) if self._own_biases else {}
        self._session.load({**now, **own})
        classes = predict(self._session, images, self._seed)
        self._session.take_counts()
        self._session.load(now)
        return classes

    def hidden_weights(self) -> list[NDArray[np.float64]]:
        """Hidden weights where the memory has them (`memory.Metaplastic`), else the stored ones."""
        weights = self._session.weights()
        couplings = [name for name in weights if "-" in name and "." not in name]
        return [weights.get(f"{name}.hidden", weights[name]) for name in couplings]


def _biases(weights: Arrays) -> Arrays:
    return {name: array for name, array in weights.items() if name.endswith(".bias")}

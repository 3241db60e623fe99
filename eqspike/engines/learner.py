"""A session of any engine as a learner."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import (
    Arrays,
    Batch,
    CountsNeurons,
    MeasuresRest,
    Outputs,
    Pace,
    Session,
)


class EngineLearner:
    """Learns by the session's own rule and memory. A context manager, as the session is.

    In a curriculum, each task is tested with the biases as they were when it was last trained: what a
    normalisation of its own is to a task of a binary network. Nothing else is told or reset between tasks.

    Args:
        session: of any engine.
        stages: tasks of the curriculum; 1 for a single task.
    """

    def __init__(self, session: Session, stages: int = 1) -> None:
        self.session = session
        self._stages = stages
        self._biases: dict[int, Arrays] = {}

    def __enter__(self) -> EngineLearner:
        self.session.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.session.__exit__(*exception)

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch; see `core.learner.Learner`."""
        outputs = self.session.fit(
            batch.inputs, batch.targets, batch.keys, pace.rate_factor, pace.key
        )
        if self._stages > 1:
            self._biases[batch.stage] = _biases(self.session.weights())
        return outputs

    def predict(self, batch: Batch) -> Outputs:
        """Read-out of the free phase, with the biases of the batch's task."""
        own = self._biases.get(batch.stage)
        if own is None:
            return self.session.scores(batch.inputs, batch.keys)
        now = self.session.weights()
        self.session.load({**now, **own})
        outputs = self.session.scores(batch.inputs, batch.keys)
        self.session.load(now)
        return outputs

    def weights(self) -> Arrays:
        """Weights and biases, without what the memory keeps beside them."""
        return {name: a for name, a in self.session.weights().items() if is_trained(name)}

    def state(self) -> Arrays:
        """Weights, biases, what the memory keeps, and the biases of each task, such as `task0/hidden.bias`."""
        kept = {
            f"task{stage}/{name}": array
            for stage, biases in self._biases.items()
            for name, array in biases.items()
        }
        return self.session.weights() | kept

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned."""
        self.session.load({name: array for name, array in state.items() if "/" not in name})
        self._biases = {}
        for name, array in state.items():
            task, separator, bias = name.partition("/")
            if separator:
                self._biases.setdefault(int(task.removeprefix("task")), {})[bias] = array

    def take_counts(self) -> EventCounts:
        """Events since the last call."""
        return self.session.take_counts()

    def take_residuals(self) -> NDArray[np.float64]:
        """How far free phases have ended from rest, where the session knows; see `core.learner.MeasuresRest`."""
        session = self.session
        return session.take_residuals() if isinstance(session, MeasuresRest) else np.zeros(0)

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Spikes of each neuron, where the session counts them."""
        return self.session.neuron_spikes() if isinstance(self.session, CountsNeurons) else {}


def is_trained(name: str) -> bool:
    """Whether an array is weights or biases, not what a memory keeps beside them (`input-hidden.writes`)."""
    return "." not in name or name.endswith(".bias")


def _biases(weights: Arrays) -> Arrays:
    return {name: array for name, array in weights.items() if name.endswith(".bias")}

"""What two engines that are compared do with one batch: weight changes and event counts."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.random_stream import stream_key
from eqspike.engines.protocol import Arrays, Images, Keys, Labels, Session

TOLERANCE = 1e-9
"""Largest relative difference of weight changes: engines may sum the same terms in different orders."""

PARITY_STREAM = 4
"""Name of the random streams of a comparison."""

Batch = tuple[Images, Labels, Keys]


@dataclass(frozen=True)
class Learnt:
    """Weight changes and events of learning one batch, and events of reading it out.

    Attributes:
        changes, learning: None if the engine does not learn the system, or draws random numbers of its own.
    """

    changes: Arrays | None
    learning: EventCounts | None
    inference: EventCounts

    def counts_equal(self, other: Learnt) -> bool:
        """Whether all event counts are equal, of learning only if both learn."""
        both = self.learning is not None and other.learning is not None
        return self.inference == other.inference and (not both or self.learning == other.learning)


def learn_batch(session: Session, batch: Batch, seed: int) -> Learnt:
    """Learn one batch and read it out, unless the engine does not learn the system.

    Nothing is compared of an engine that rounds by random numbers that cannot be handed to another.
    """
    changes, learning = None, None
    if not getattr(session, "draws_for_itself", False):
        before = session.weights()
        try:
            session.fit(*batch, 1.0, stream_key(seed, PARITY_STREAM))
        except UnsupportedError:
            pass
        else:
            changes = {name: array - before[name] for name, array in session.weights().items()}
            learning = session.take_counts()
    images, _, keys = batch
    session.scores(images, keys)
    return Learnt(changes, learning, session.take_counts())


def weight_error(first: Learnt, second: Learnt) -> float | None:
    """Largest difference over all arrays, each relative to its largest change; None unless both learn."""
    if first.changes is None or second.changes is None:
        return None
    errors = [0.0]
    for name, change in first.changes.items():
        other = second.changes[name]
        largest = max(float(abs(change).max()), float(abs(other).max()))
        if largest > 0:
            errors.append(float(abs(change - other).max()) / largest)
    return max(errors)

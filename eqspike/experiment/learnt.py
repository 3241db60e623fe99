"""What engines count in a read-out and learn from one batch, and how far apart that is."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels, Session
from eqspike.core.random_stream import Purpose, stream_key

TOLERANCE = 1e-9
"""Largest relative difference of weight changes: engines may sum the same terms in different orders."""

SMALLEST_CHANGE = 1e-6
"""Differences are relative to at least this: changes that cancel leave what rounding leaves."""

FLOATS, INTEGERS = "float64", "integers"


@dataclass(frozen=True)
class Learnt:
    """What a session did with a batch.

    Attributes:
        inference: events of a read-out.
        changes, learning: of the weights, and events; None if the engine does not learn the system.
    """

    inference: EventCounts
    changes: Arrays | None = None
    learning: EventCounts | None = None


def learns_singly(session: Session) -> bool:
    """Whether the engine learns a batch sample by sample, as a chip does."""
    return bool(getattr(session, "learns_singly", False))


def learnt(
    session: Session, batch: tuple[Images, Labels, Keys], seed: int, singly: bool = False
) -> Learnt:
    """A read-out, then weight changes and events of one batch, unless the engine does not learn the system.

    Changes are not compared either if the engine rounds by random numbers that cannot be handed to another. With
    `singly`, each sample is a batch to an engine that does not do so by itself.
    """
    images, labels, keys = batch
    # Before learning: an engine that learns the system would count other weights than one that does not.
    session.scores(images, keys)
    inference = session.take_counts()
    if getattr(session, "draws_for_itself", False):
        return Learnt(inference)
    before, key = session.weights(), stream_key(seed, Purpose.PARITY)
    count = len(labels)
    size = 1 if singly and not learns_singly(session) else count
    try:
        for first in range(0, count, size):
            part = slice(first, first + size)
            session.fit(images[part], labels[part], keys[part], 1.0, key)
    except UnsupportedError:
        return Learnt(inference)
    changes = {name: array - before[name] for name, array in session.weights().items()}
    return Learnt(inference, changes, session.take_counts())


def weight_error(first: Learnt, second: Learnt) -> float | None:
    """Largest difference over all arrays, each relative to its largest change; None if one did not learn."""
    if first.changes is None or second.changes is None:
        return None
    errors = [0.0]
    for name, change in first.changes.items():
        other = second.changes[name]
        largest = max(float(abs(change).max()), float(abs(other).max()), SMALLEST_CHANGE)
        errors.append(float(abs(change - other).max()) / largest)
    return max(errors)


def counts_equal(first: Learnt, second: Learnt) -> bool:
    """Whether two engines counted alike in a read-out and, where both learnt, in learning."""
    both_learn = first.learning is not None and second.learning is not None
    return first.inference == second.inference and (
        not both_learn or first.learning == second.learning
    )

"""What engines learn from one batch, and how far apart that is."""

from __future__ import annotations

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels, Session
from eqspike.core.random_stream import Purpose, stream_key

TOLERANCE = 1e-9
"""Largest relative difference of weight changes: engines may sum the same terms in different orders."""

SMALLEST_CHANGE = 1e-6
"""Differences are relative to at least this: changes that cancel leave what rounding leaves."""

FLOATS, INTEGERS = "float64", "integers"


def learns_singly(session: Session) -> bool:
    """Whether the engine learns a batch sample by sample, as a chip does."""
    return bool(getattr(session, "learns_singly", False))


def learnt(
    session: Session, batch: tuple[Images, Labels, Keys], seed: int, singly: bool = False
) -> tuple[Arrays | None, EventCounts | None]:
    """Weight changes and events of one batch, unless the engine does not learn the system.

    Neither is compared if the engine rounds by random numbers that cannot be handed to another. With `singly`,
    each sample is a batch to an engine that does not do so by itself.
    """
    if getattr(session, "draws_for_itself", False):
        return None, None
    before, key = session.weights(), stream_key(seed, Purpose.PARITY)
    images, labels, keys = batch
    count = len(labels)
    size = 1 if singly and not learns_singly(session) else count
    try:
        for first in range(0, count, size):
            part = slice(first, first + size)
            session.fit(images[part], labels[part], keys[part], 1.0, key)
    except UnsupportedError:
        return None, None
    changes = {name: array - before[name] for name, array in session.weights().items()}
    return changes, session.take_counts()


def weight_error(first: Arrays | None, second: Arrays | None) -> float | None:
    """Largest difference over all arrays, each relative to its largest change; None if one did not learn."""
    if first is None or second is None:
        return None
    errors = [0.0]
    for name, change in first.items():
        largest = max(float(abs(change).max()), float(abs(second[name]).max()), SMALLEST_CHANGE)
        errors.append(float(abs(change - second[name]).max()) / largest)
    return max(errors)


def counts_equal(
    inference: tuple[EventCounts, EventCounts], learning: tuple[EventCounts | None, EventCounts | None]
) -> bool:  # fmt: skip
    """Whether two engines counted alike in a read-out and, where both learnt, in learning."""
    both_learn = None not in learning
    return inference[0] == inference[1] and (not both_learn or learning[0] == learning[1])

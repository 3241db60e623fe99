"""What long work is at: told by whoever does it, read by whoever shows it to a person who waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Part = TypeVar("Part")
Clock = Callable[[], float]


@dataclass(eq=False)
class Stage:
    """A piece of work under way.

    Attributes:
        what: in words, such as `samples`.
        total: parts it has, 0 if nobody knows; done: parts done so far.
        note: more words, such as an accuracy so far.
    """

    what: str
    total: int = 0
    done: int = 0
    note: str = ""
    _clock: Clock = time.monotonic
    _began: float = field(init=False)
    _first: int = field(init=False)

    def __post_init__(self) -> None:
        self._began, self._first = self._clock(), self.done

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None if nobody knows."""
        done = self.done - self._first
        if self.total <= 0 or done <= 0:
            return None
        return (self._clock() - self._began) / done * max(self.total - self.done, 0)


_under_way: list[Stage] = []


@contextmanager
def doing(what: str, total: int = 0, done: int = 0) -> Iterator[Stage]:
    """While this lasts, the stage is under way; whoever does the work sets its `done`."""
    stage = Stage(what, total, done)
    _under_way.append(stage)
    try:
        yield stage
    finally:
        _under_way.remove(stage)


def each(what: str, parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, one after the other, as a stage that counts them."""
    with doing(what, len(parts)) as stage:
        for part in parts:
            yield part
            stage.done += 1


def stages() -> tuple[Stage, ...]:
    """All stages under way, from the outermost to the innermost."""
    return tuple(_under_way)

"""The order in which layers that send changes are stepped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Parts(NamedTuple):
    """What a step is made of.

    Attributes:
        advance: gives a layer its new state; send: finds its messages.
        deliver: hands the messages of a group of layers to their neighbours.
    """

    advance: Callable[[int], None]
    send: Callable[[int], None]
    deliver: Callable[[Sequence[int]], None]


def step_groups(
    groups: Sequence[Sequence[int]], parts: Parts, steps: int, after: Callable[[int], None] | None = None
) -> None:  # fmt: skip
    """Many steps, groups of layers in turn; `after` is called with the number of each one when it is done."""
    for number in range(steps):
        for group in groups:
            for layer in group:
                parts.advance(layer)
            for layer in group:
                parts.send(layer)
            parts.deliver(group)
        if after is not None:
            after(number)

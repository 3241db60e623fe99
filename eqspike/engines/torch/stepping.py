"""How a batch of neurons that send changes is stepped, whatever its neurons hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from torch import Tensor


class Stepping(ABC):
    """Groups of layers in turn: each advances and sends, then the group's messages are delivered."""

    _groups: Sequence[Sequence[int]]

    def keep(self) -> list[Tensor]:
        """Copies of all that a phase starts from, `states` first."""
        return [each.clone() for each in self._all()]

    def put_back(self, kept: Sequence[Tensor]) -> None:
        """Stand again where `keep` was called."""
        for each, old in zip(self._all(), kept, strict=True):
            each.copy_(old)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        for number in range(steps):
            for group in self._groups:
                for layer in group:
                    self._advance(layer)
                for layer in group:
                    self._send(layer)
                self._deliver(group)
            if after is not None:
                after(number)

    @abstractmethod
    def _all(self) -> list[Tensor]:
        """What a phase starts from."""

    @abstractmethod
    def _advance(self, layer: int) -> None:
        """A layer's new state."""

    @abstractmethod
    def _send(self, layer: int) -> None:
        """A layer's messages."""

    @abstractmethod
    def _deliver(self, group: Sequence[int]) -> None:
        """What neighbours get of a group's messages."""

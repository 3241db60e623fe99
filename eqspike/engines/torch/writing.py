"""How changes of weights reach the memory that stores them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from eqspike.core.random_stream import stream_key
from eqspike.engines.torch.remembering import Remembering
from eqspike.memory import Fixed, Ideal, Memory, Writes
from eqspike.nn.couplings import Coupling

AddChange = Callable[[Sequence[Tensor]], None]
"""Adds the wanted change of each coupling's weights to the arrays it is given."""


class Writer(Protocol):
    """The memories of all couplings. Another memory with its own form on the device is another class here."""

    kept: list[Mapping[str, Tensor]]
    """What the memory keeps beside the weights of each coupling, by name; empty if it keeps nothing."""

    def write(self, couplings: Sequence[Coupling], add_change: AddChange, key: int) -> list[Writes]:
        """Change the stored weights; returns the writes of each coupling, if the memory counts them itself."""
        ...


class InPlace:
    """An ideal memory: what is asked is added to the stored weights, without an array for the change."""

    def __init__(self) -> None:
        self.kept: list[Mapping[str, Tensor]] = []

    def write(self, couplings: Sequence[Coupling], add_change: AddChange, key: int) -> list[Writes]:
        """See `Writer`; the caller counts."""
        del key
        add_change([coupling.weight for coupling in couplings])
        return []


class ByMemory:
    """Any memory of `eqspike.memory`, by its own NumPy definition."""

    def __init__(self, memory: Fixed) -> None:
        self._memory = memory
        self.kept: list[Mapping[str, Tensor]] = []

    def write(self, couplings: Sequence[Coupling], add_change: AddChange, key: int) -> list[Writes]:
        """See `Writer`."""
        changes = [torch.zeros_like(coupling.weight) for coupling in couplings]
        add_change(changes)
        done = []
        for index, (coupling, change) in enumerate(zip(couplings, changes, strict=True)):
            stored, writes = self._memory.program(
                _as_numpy(coupling.weight), _as_numpy(change), index, stream_key(key, index)
            )
            coupling.weight.copy_(
                torch.from_numpy(np.ascontiguousarray(np.moveaxis(stored, -1, 0)))
            )
            done.append(writes)
        return done


def make_writer(memory: Memory, couplings: Sequence[Coupling]) -> Writer:
    """The writer for a memory."""
    if isinstance(memory, Ideal):
        return InPlace()
    return ByMemory(memory) if isinstance(memory, Fixed) else Remembering(memory, couplings)


def _as_numpy(array: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Weights, the postsynaptic axis last, as memories know them."""
    return array.movedim(0, -1).to("cpu", torch.float64).numpy()

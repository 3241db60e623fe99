"""How changes of weights reach the memory that stores them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqspike.core.random_stream import stream_key
from eqspike.engines.torch.remembering import Remembering
from eqspike.memory import Binary, Ideal, Metaplastic, WeightMemory, Writes
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
    """Any memory, by its own NumPy definition.

    Attributes:
        kept: by coupling and name, each shaped as the coupling's weights.
    """

    def __init__(self, memory: WeightMemory, couplings: Sequence[Coupling]) -> None:
        self._memory = memory
        self.kept: list[Mapping[str, Tensor]] = [
            {name: torch.zeros_like(coupling.weight, dtype=torch.float64) for name in memory.kept}
            for coupling in couplings
        ]

    def write(self, couplings: Sequence[Coupling], add_change: AddChange, key: int) -> list[Writes]:
        """See `Writer`."""
        changes = [torch.zeros_like(coupling.weight) for coupling in couplings]
        add_change(changes)
        done = []
        for index, (coupling, change) in enumerate(zip(couplings, changes, strict=True)):
            kept = {name: _as_numpy(array) for name, array in self.kept[index].items()}
            written = self._memory.write(
                _as_numpy(coupling.weight), kept, _as_numpy(change), index, stream_key(key, index)
            )
            coupling.weight.copy_(_as_tensor(written.stored))
            for name, array in written.kept.items():
                self.kept[index][name].copy_(_as_tensor(array))
            done.append(written.writes)
        return done


def make_writer(memory: WeightMemory, couplings: Sequence[Coupling]) -> Writer:
    """The writer for a memory: its twin on the device, for exactly that class, else the definition itself."""
    if type(memory) is Ideal:
        return InPlace()
    if type(memory) is Binary or type(memory) is Metaplastic:
        return Remembering(memory, couplings)
    return ByMemory(memory, couplings)


def _as_tensor(array: NDArray[np.float64]) -> Tensor:
    """Weights, the postsynaptic axis first, as the engine knows them."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, 0)))


def _as_numpy(array: Tensor) -> NDArray[np.float64]:
    """Weights, the postsynaptic axis last, as memories know them."""
    return array.movedim(0, -1).to("cpu", torch.float64).numpy()

"""All weight memories by the name used in a model's `memory` section."""

from __future__ import annotations

from typing import Protocol

from eqspike.core.config import Section
from eqspike.memory.binary import Binary
from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal
from eqspike.memory.metaplastic import Metaplastic
from eqspike.memory.protocol import WeightMemory


class MemoryKind(Protocol):
    """A class of memories that can be read from a model."""

    def read(self, section: Section, couplings: int) -> WeightMemory:
        """Read a model's `memory` section for a network with that many couplings, and close it."""
        ...


MEMORIES: dict[str, MemoryKind] = {
    "ideal": Ideal,
    "fixed": Fixed,
    "binary": Binary,
    "metaplastic": Metaplastic,
}


def read_memory(section: Section, couplings: int) -> WeightMemory:
    """Read a model's `memory` section: `kind` and the parameters of that kind.

    Args:
        section: the description.
        couplings: number of couplings of the network.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    kind = section.choice("kind", tuple(MEMORIES))
    return MEMORIES[kind].read(section, couplings)

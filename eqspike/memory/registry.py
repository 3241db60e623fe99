"""All weight memories by the name used in a model's `memory` section."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.core.registry import Registry, lacks_read
from eqspike.memory.binary import Binary
from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal
from eqspike.memory.metaplastic import Metaplastic
from eqspike.memory.protocol import WeightMemory

MEMORIES: Registry[type[WeightMemory]] = Registry(
    "memory",
    "eqspike.memories",
    {memory.kind: memory for memory in (Ideal, Fixed, Binary, Metaplastic)},
    lacks_read,
    members=("kind",),
)


def read_memory(section: Section, couplings: int) -> WeightMemory:
    """Read a model's `memory` section: `kind` and the parameters of that kind.

    Args:
        section: the description.
        couplings: number of couplings of the network.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    memory: WeightMemory = MEMORIES.read(section, couplings)
    return memory

"""All weight memories by the name used in a model's `memory` section."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.memory.binary import Binary
from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal
from eqspike.memory.metaplastic import Metaplastic

Memory = Ideal | Fixed | Binary | Metaplastic

MEMORIES: dict[str, type[Ideal] | type[Fixed] | type[Binary] | type[Metaplastic]] = {
    "ideal": Ideal,
    "fixed": Fixed,
    "binary": Binary,
    "metaplastic": Metaplastic,
}


def read_memory(section: Section, couplings: int) -> Memory:
    """Read a model's `memory` section: `kind` and the parameters of that kind.

    Args:
        section: the description.
        couplings: number of couplings of the network.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    kind = section.choice("kind", tuple(MEMORIES))
    return MEMORIES[kind].read(section, couplings)

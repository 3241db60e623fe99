"""All weight memories by the name used in a model's `memory` section."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal

MEMORIES: dict[str, type[Ideal] | type[Fixed]] = {"ideal": Ideal, "fixed": Fixed}


def read_memory(section: Section, couplings: int) -> Ideal | Fixed:
    """Read a model's `memory` section: `kind` and the parameters of that kind.

    Args:
        section: the description.
        couplings: number of couplings of the network.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    kind = section.choice("kind", tuple(MEMORIES))
    return MEMORIES[kind].read(section, couplings)

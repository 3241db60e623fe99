"""Weight memories: the physics of storage, independent of the learning rule."""

from eqspike.memory.binary import Binary
from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal
from eqspike.memory.metaplastic import Metaplastic
from eqspike.memory.protocol import Kept, WeightMemory, Writes, Written
from eqspike.memory.registry import MEMORIES, read_memory
from eqspike.memory.scale import Scale

__all__ = [
    "MEMORIES",
    "Binary",
    "Fixed",
    "Ideal",
    "Kept",
    "Metaplastic",
    "Scale",
    "WeightMemory",
    "Writes",
    "Written",
    "read_memory",
]

"""Weight memories: the physics of storage, independent of the learning rule."""

from eqspike.memory.fixed import Fixed
from eqspike.memory.ideal import Ideal
from eqspike.memory.protocol import WeightMemory, Writes
from eqspike.memory.registry import MEMORIES, read_memory

__all__ = ["MEMORIES", "Fixed", "Ideal", "WeightMemory", "Writes", "read_memory"]

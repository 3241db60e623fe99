"""Loihi's own language: the network as Lava processes, run in a watched child process."""

from eqspike.engines.lava.child import works
from eqspike.engines.lava.choice import open_lava

__all__ = ["open_lava", "works"]

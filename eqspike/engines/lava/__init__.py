"""Loihi's own language: the network as Lava processes, run in a watched child process."""

from eqspike.engines.lava.child import works
from eqspike.engines.lava.choice import open_lava, open_lava_rates

__all__ = ["open_lava", "open_lava_rates", "works"]

"""Rate-based networks in the integers of a chip whose spikes carry a number, compiled."""

from eqspike.engines.fast.graded.session import open_graded

__all__ = ["open_graded"]

"""The compiled engine in Loihi's integers: what the chip computes, at the speed of the fast engine."""

from eqspike.engines.fast_int.session import FastIntSession

__all__ = ["FastIntSession"]

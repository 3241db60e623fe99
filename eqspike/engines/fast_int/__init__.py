"""The compiled engine in a chip's integers: what the chip computes, at the speed of the fast engine."""

from eqspike.engines.fast_int.rate_session import open_graded
from eqspike.engines.fast_int.session import FastIntSession

__all__ = ["FastIntSession", "open_graded"]

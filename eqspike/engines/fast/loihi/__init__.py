"""Spiking networks in Loihi's integers, compiled: what the chip computes, at the speed of the fast engine."""

from eqspike.engines.fast.loihi.session import FastIntSession

__all__ = ["FastIntSession"]

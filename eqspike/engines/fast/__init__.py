"""The fast engine: compiled event-driven simulation of spiking networks on all cores (Numba)."""

from eqspike.engines.fast.spikes.session import FastSession

__all__ = ["FastSession"]

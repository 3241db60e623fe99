"""The fast engine's rate-based networks: compiled, event-driven simulation of neurons that send changes."""

from eqspike.engines.fast.rates.session import FastRateSession

__all__ = ["FastRateSession"]

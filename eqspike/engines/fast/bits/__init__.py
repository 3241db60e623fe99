"""The fast engine's networks of bits: neurons and weights, by population count and an inertia that waits."""

from eqspike.engines.fast.bits.session import BitSession

__all__ = ["BitSession"]

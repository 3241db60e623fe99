"""Rate-based networks that send changes, as Brian2 equations and events."""

from eqspike.engines.brian2.rates.session import Brian2RateSession

__all__ = ["Brian2RateSession"]

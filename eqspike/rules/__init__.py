"""Learning rules: which phases a sample goes through and how weights change in them."""

from eqspike.rules.eqspike import EqSpike

__all__ = ["EqSpike"]

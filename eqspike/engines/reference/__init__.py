"""The plain engine: every event one by one in NumPy. Slow; it runs what only brings its definition."""

from eqspike.engines.reference.rate_session import ReferenceRateSession
from eqspike.engines.reference.session import ReferenceSession

__all__ = ["ReferenceRateSession", "ReferenceSession"]

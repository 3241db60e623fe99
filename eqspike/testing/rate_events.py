"""The message-by-message simulation of rate-based networks (`engines.reference`), to compare engines with."""

from __future__ import annotations

from eqspike.engines.reference.rate_events import PlainRates

__all__ = ["PlainRates"]

"""Settings of all tests: Hypothesis draws the same examples in every run."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("eqspike", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("eqspike")

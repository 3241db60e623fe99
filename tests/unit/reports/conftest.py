"""A report of two chips, small enough to follow by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.reports import EnergyReport, build_report

MakeChip = Callable[..., ChipProfile]


@pytest.fixture
def provenance() -> dict[str, Any]:
    """Where the counts come from."""
    return {
        "model": "eqspike-100",
        "task": "toy digits",
        "accuracy": 0.9712,
        "seed": 3,
        "versions": {"numpy": "2.0", "python": "3.11"},
    }


@pytest.fixture
def report(
    make_chip: MakeChip, training: EventCounts, inference: EventCounts, provenance: dict[str, Any]
) -> EnergyReport:
    chips = (make_chip("first"), make_chip("second", trace_update=None, weight_write=None))
    return build_report(chips=chips, provenance=provenance, training=training, inference=inference)

"""Sections and parts that all documents share: events by place, how to read, conditions, provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from eqspike.energy.conditions import Conditions
from eqspike.energy.text import Amount
from eqspike.energy.wording import EXCLUSIONS
from eqspike.reports import document as doc

LEAD = (
    "An estimate: events counted in simulation, times published energies per event. Nothing here was measured on "
    "a chip."
)
EVENTS = doc.Paragraph(
    ("Mean events per sample, as the simulation counted them, before any chip.",)
)
KEY: doc.Runs = (
    "The line runs from the low to the high total, the mark is the typical one: ",
    doc.Run("per inference", "mark", "inference"),
    ", ",
    doc.Run("per training sample", "mark", "training"),
    ".",
)
"""What ranges show."""

_READING = (
    "Every event is counted during the simulation and multiplied by the chip's figure for it. Low, typical and "
    "high totals use the low, typical and high figures of all events together. A figure nobody has published is "
    "left out and named, never set to zero; the total is then a lower bound"
)


def reading_section(more: str, *parts: doc.Part) -> doc.Section:
    """How to read the document.

    Args:
        more: rest of the sentence on lower bounds, with its full stop.
        parts: of this document alone.
    """
    excluded = doc.Bullets(tuple((line,) for line in EXCLUSIONS))
    return doc.Section(
        "reading",
        "How to read this",
        (
            doc.Paragraph((_READING + more,)),
            *parts,
            doc.Heading(3, ("Excluded for every chip",)),
            excluded,
        ),
        "How to read this",
    )


def conditions_section(conditions: Conditions) -> tuple[doc.Section, ...]:
    """How the chips are operated; no section if nothing is given."""
    given = conditions.to_json()
    return (doc.Section("conditions", "Conditions", provenance_parts(given)),) if given else ()


def provenance_parts(provenance: Mapping[str, Any]) -> tuple[doc.Part, ...]:
    """Provenance as flat pairs, nested names joined by dots."""
    return (
        (doc.Pairs(provenance_lines(provenance)),)
        if provenance
        else (doc.Paragraph(("None given.",)),)
    )


def provenance_lines(provenance: Mapping[str, Any]) -> tuple[tuple[str, doc.Inline], ...]:
    """Names and texts of provenance."""
    lines: list[tuple[str, doc.Inline]] = []
    for key, value in provenance.items():
        if isinstance(value, dict):
            lines += [(f"{key}.{name}", shown) for name, shown in provenance_lines(value)]
        else:
            lines.append((key, value if isinstance(value, str) else json.dumps(value)))
    return tuple(lines)


def accuracy_words(provenance: Mapping[str, Any]) -> str:
    """Accuracy in per cent, from its fraction."""
    accuracy = provenance.get("accuracy")
    return "not given" if accuracy is None else f"{100.0 * accuracy:.2f} %"


def beside(amount: Amount, *notes: str) -> doc.Runs:
    """An amount with notes below it."""
    return (amount, *(doc.Run(note, "small") for note in notes))

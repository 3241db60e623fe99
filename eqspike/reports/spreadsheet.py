"""The energies of a report and of a comparison as CSV tables: plain numbers for pandas or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eqspike.core.showing import spreadsheet_cell

BOUNDS = ("low", "typical", "high")

_EVENTS = (
    "chip", "quantity", "samples", "place", "phase", "category", "count", "copies",
    *(f"{bound} (J)" for bound in BOUNDS), "included in",
)  # fmt: skip
_QUANTITIES = {
    "inference_j": "per inference",
    "training_sample_j": "per training sample",
}
_TOTALS = (
    "chip", "quantity", "samples",
    *(f"per sample, {bound} (J)" for bound in BOUNDS), *(f"all samples, {bound} (J)" for bound in BOUNDS),
    *(f"time per sample, {bound} (s)" for bound in BOUNDS), "lower bound", "not modelled",
)  # fmt: skip
_COMPARISON = (
    "system", "accuracy", "chip",
    *(f"{name}, {bound} (J)" for name in _QUANTITIES.values() for bound in BOUNDS),
    "not modelled",
)  # fmt: skip


def events_table(data: Mapping[str, Any]) -> str:
    """Events of a report's JSON data as CSV: a row for each chip, quantity, place, phase and kind of event.

    Counts and energies are those of all samples; an energy that is unknown, or included in another, is empty.
    """
    return _csv(_EVENTS, _events(data["chips"]))


def totals_table(data: Mapping[str, Any]) -> str:
    """Totals of a report's JSON data as CSV: a row for each chip and quantity; what is unknown is empty.

    They hold static power, which is of no event.
    """
    return _csv(_TOTALS, _totals(data["chips"]))


def comparison_table(data: Mapping[str, Any]) -> str:
    """A comparison's JSON data as CSV: a row for each system and chip; what is unknown is empty."""
    rows = (
        (label, system["accuracy"], chip,
         *(bound for key in _QUANTITIES for bound in _bounds(energy[key])),
         "; ".join(energy["not_modelled"]))
        for label, system in data["systems"].items()
        for chip, energy in system["chips"].items()
    )  # fmt: skip
    return _csv(_COMPARISON, rows)


def _events(chips: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for chip, entry in chips.items():
        for quantity in ("inference", "training"):
            priced = entry[quantity]
            for row in priced["rows"] if priced else ():
                named = [row[key] for key in ("place", "phase", "category", "count", "copies")]
                energy = _bounds(row["energy_j"])
                yield chip, quantity, priced["samples"], *named, *energy, row["included_in"]


def _totals(chips: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for chip, entry in chips.items():
        for quantity, each in (("inference", "inference_j"), ("training", "training_sample_j")):
            if priced := entry[quantity]:
                yield (
                    chip, quantity, priced["samples"], *_bounds(entry[each]), *_bounds(priced["total_j"]),
                    *_bounds(priced["latency_s"]), priced["lower_bound"],
                    "; ".join(gap["what"] for gap in priced["not_modelled"]),
                )  # fmt: skip


def _bounds(interval: Mapping[str, float] | None) -> list[float | None]:
    return [None if interval is None else interval[bound] for bound in BOUNDS]


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    return file.getvalue()

"""Tables of reports as CSV: the numbers of the report, read again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.reports import (
    ComparedSystem,
    EnergyReport,
    build_comparison,
    build_report,
    write_comparison,
    write_report,
)
from eqspike.reports.export import comparison_json, report_json

MakeChip = Callable[..., ChipProfile]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("quantity", ["inference", "training"])
def test_rows_of_a_report_add_up_to_its_events(
    report: EnergyReport, tmp_path: Path, quantity: str
) -> None:
    """In each category, of both chips, at all three bounds; a category without a figure has empty cells."""
    write_report(report, tmp_path)
    rows = [row for row in rows_of(tmp_path / "energy.csv") if row["quantity"] == quantity]
    for chip, entry in report_json(report)["chips"].items():
        priced = entry[quantity]
        own = [row for row in rows if row["chip"] == chip]
        assert len(own) == len(priced["rows"]) > 0
        assert {row["samples"] for row in own} == {str(priced["samples"])}
        for bound in ("low", "typical", "high"):
            summed = sum(float(row[f"{bound} (J)"] or 0) for row in own)
            assert summed == pytest.approx(priced["dynamic_j"][bound], rel=1e-12)
        for row, known in zip(own, priced["rows"], strict=True):
            assert int(row["count"]) == known["count"]
            assert (row["low (J)"] == "") == (known["energy_j"] is None)


def test_totals_of_a_report_are_those_of_its_json(report: EnergyReport, tmp_path: Path) -> None:
    """Of both chips and quantities, at all three bounds; what is unknown is empty."""
    write_report(report, tmp_path)
    rows = {(row["chip"], row["quantity"]): row for row in rows_of(tmp_path / "totals.csv")}
    chips = report_json(report)["chips"]
    assert len(rows) == 2 * len(chips) > 0
    for (name, quantity), row in rows.items():
        entry, priced = chips[name], chips[name][quantity]
        each = entry["inference_j" if quantity == "inference" else "training_sample_j"]
        for words, interval in (
            ("per sample, {} (J)", each),
            ("all samples, {} (J)", priced["total_j"]),
            ("time per sample, {} (s)", priced["latency_s"]),
        ):
            for bound in ("low", "typical", "high"):
                cell = row[words.format(bound)]
                assert cell == ("" if interval is None else str(interval[bound]))
        assert row["lower bound"] == str(priced["lower_bound"])
        assert row["samples"] == str(priced["samples"])
        assert row["not modelled"] == "; ".join(gap["what"] for gap in priced["not_modelled"])
    assert any(row["all samples, typical (J)"] for row in rows.values())


def test_rows_of_a_comparison(
    make_chip: MakeChip, inference: EventCounts, training: EventCounts, tmp_path: Path
) -> None:
    systems = [
        ComparedSystem("=one", {"accuracy": 0.9}, training=training, inference=inference),
        ComparedSystem("two", {"accuracy": 0.8}, training=None, inference=inference),
    ]
    comparison = build_comparison(systems, [make_chip()])
    write_comparison(comparison, tmp_path)
    one, two = rows_of(tmp_path / "comparison.csv")
    assert (one["system"], two["system"]) == ("'=one", "two")
    (energy,) = comparison_json(comparison)["systems"]["=one"]["chips"].values()
    assert float(one["per training sample, high (J)"]) == energy["training_sample_j"]["high"]
    assert float(one["per inference, low (J)"]) == energy["inference_j"]["low"]
    assert two["per training sample, typical (J)"] == ""


def test_a_report_without_one_quantity_has_rows_of_the_other(
    make_chip: MakeChip, training: EventCounts, tmp_path: Path
) -> None:
    write_report(build_report(chips=[make_chip()], provenance={}, training=training), tmp_path)
    for name in ("energy.csv", "totals.csv"):
        assert {row["quantity"] for row in rows_of(tmp_path / name)} == {"training"}

"""Parts of the report beside the totals: conflicts, references, time, wear, directions, hops."""

from __future__ import annotations

import html as markup
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile, Weights
from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Published, Quantity
from eqspike.energy import Conditions, first_failure
from eqspike.reports import EnergyReport, build_report, report_json, write_report
from eqspike.reports.document import Ranges
from eqspike.reports.report import report_document

MakeChip = Callable[..., ChipProfile]


def written(report: EnergyReport, folder: Path) -> tuple[Any, str, str]:
    data, markdown, html = (
        path.read_text(encoding="utf-8") for path in write_report(report, folder)
    )
    return json.loads(data), markdown, html


def pages(markdown: str, html: str) -> tuple[str, str]:
    """Both pages as running text with plain spaces."""
    plain = markup.unescape(re.sub(r"<[^>]*>", "", html))
    return " ".join(markdown.split()), " ".join(plain.split())


def test_published_figures_that_disagree_are_both_shown(
    make_chip: MakeChip,
    figure: Callable[..., Quantity],
    inference: EventCounts,
    tmp_path: Path,
) -> None:
    published = (
        Published(2e-12, "marginal", ("book",), "medium"),
        Published(26e-12, "whole chip", ("book",), "medium", "contains static power"),
    )
    chip = make_chip(spike=replace(figure(1e-12, 2e-12, 3e-12), published=published))
    report = build_report(chips=[chip], provenance={}, inference=inference)
    data, markdown, html = written(report, tmp_path)
    for shown in pages(markdown, html):
        for text in ("13 times apart", "marginal", "whole chip", "contains static power"):
            assert text in shown
        assert "26.0 pJ" in shown
    found = data["chips"]["toy"]["profile"]["energy"]["spike"]["published"]
    assert [item["value"] for item in found] == [2e-12, 26e-12]
    assert [item["set_aside"] for item in found] == ["", "contains static power"]


def test_references_are_never_drawn_beside_chips(
    make_chip: MakeChip, inference: EventCounts, tmp_path: Path
) -> None:
    chips = [make_chip("chip"), make_chip("processor", kind="processor")]
    report = build_report(chips=chips, provenance={}, inference=inference)
    parts = report_document(report).sections[0].parts
    drawn = [[row.label for row in part.rows] for part in parts if isinstance(part, Ranges)]
    assert drawn == [["chip"], ["processor"]]
    data, markdown, html = written(report, tmp_path)
    assert [data["chips"][n]["reference"] for n in ("chip", "processor")] == [False, True]
    assert "processor, a reference" in markdown
    assert html.count("logarithmic axis") == 2


def test_wear_time_and_conditions_are_shown(
    make_chip: MakeChip,
    figure: Callable[..., Quantity],
    inference: EventCounts,
    training: EventCounts,
    tmp_path: Path,
) -> None:
    """5 writes of 10 weights in 2 samples: 0.25 each; 10^6 writes last 4 x 10^6 samples."""
    endurance = figure(1e5, 1e6, 1e7, unit="writes")
    chip = make_chip(
        static=figure(1.0, 1.0, 1.0, unit="W"), weights=Weights(8, True, None, endurance)
    )
    report = build_report(
        chips=[chip],
        provenance={},
        training=training,
        inference=inference,
        conditions=Conditions(step_time_s=1e-3),
        weights={"input-hidden": 10},
        samples_per_second=2.0,
    )
    data, markdown, html = written(report, tmp_path)
    (worn,) = data["chips"]["toy"]["wear"]
    assert worn["writes_per_weight_and_sample"] == 0.25
    assert worn["training_samples"] == {"low": 4e5, "typical": 4e6, "high": 4e7}
    assert worn["years"]["typical"] == pytest.approx(4e6 / 2 / (365.25 * 86400))
    assert data["chips"]["toy"]["inference"]["latency_s"]["typical"] == 10e-3
    assert data["conditions"] == {"step_time_s": 1e-3}
    whole = data["chips"]["toy"]["training_run_j"]
    assert whole == data["chips"]["toy"]["training"]["total_j"]
    for shown in pages(markdown, html):
        for text in ("10.0 ms", "4×10⁶ (4×10⁵ – 4×10⁷)", "0.063", "without static power", "0.001"):
            assert text in shown


def test_directions_split_the_synaptic_operations(
    make_chip: MakeChip, inference: EventCounts
) -> None:
    report = build_report(chips=[make_chip()], provenance={}, inference=inference)
    ways = report_json(report)["chips"]["toy"]["inference"]["by_direction_j"]
    assert {way: energy["low"] for way, energy in ways.items()} == {
        "forward": 30 + 8,
        "backward": 6,
    }


def test_hops_are_absent_unless_placed(
    make_chip: MakeChip, inference: EventCounts, tmp_path: Path
) -> None:
    """Without a placement they are unknown, not zero; with one they are a category like others."""
    without = build_report(chips=[make_chip()], provenance={}, inference=inference)
    energies = report_json(without)["chips"]["toy"]["inference"]["by_category_j"]
    assert energies["hops"] is None
    assert "| hops |" not in written(without, tmp_path)[1]
    mapped = build_report(
        chips=[make_chip()],
        provenance={},
        inference=inference,
        conditions=Conditions(hops_per_spike={"input": 2.0}),
    )
    energies = report_json(mapped)["chips"]["toy"]["inference"]["by_category_j"]
    assert energies["hops"]["low"] == 10 * 2 * 64
    assert "| hops |" in written(mapped, tmp_path)[1]


def test_a_chip_without_synaptic_operations_warns(
    make_chip: MakeChip, inference: EventCounts
) -> None:
    chip = make_chip(synaptic_operation=None)
    report = build_report(chips=[chip], provenance={}, inference=inference)
    warnings = report_json(report)["chips"]["toy"]["inference"]["warnings"]
    assert "no figure for synaptic operations" in warnings[0]


def test_activity_is_a_histogram_of_each_layer(
    make_chip: Callable[..., ChipProfile], inference: EventCounts, tmp_path: Path
) -> None:
    """Bars as high as the neurons they stand for; without activity there is no section."""
    activity = {
        "hidden": LayerActivity(3, 40.0, (6, 0, 0, 3)),
        "<output>": LayerActivity(2, 0.0, (0, 0, 0, 0)),
    }
    report = build_report(
        chips=[make_chip()], provenance={}, inference=inference, activity=activity
    )
    data, markdown, html = written(report, tmp_path / "with")
    assert data["activity"]["layers"]["hidden"]["neurons"] == [6, 0, 0, 3]
    for page in (markdown, html):
        assert "12 neurons, 3 silent; the busiest spikes 40 times per inference" in page
        assert "above 30 up to 40 spikes: 3 neurons" in page
        assert "2 neurons, 2 silent; the busiest spikes 0 times per inference" in page
        assert "<output>" not in page
    assert '<rect class="bin" x="0.00%" y="0.0" width="22.50%" height="90.0">' in html
    assert '<rect class="bin" x="75.00%" y="45.0" width="22.50%" height="45.0">' in html
    assert html.count('class="bin"') == 2
    plain = build_report(chips=[make_chip()], provenance={}, inference=inference)
    data, markdown, html = written(plain, tmp_path / "without")
    assert "activity" not in data
    assert "Activity" not in markdown
    assert "activity" not in html


def test_low_confidence_of_all_chips_is_one_note(
    make_chip: Callable[..., ChipProfile], figure: Callable[..., Quantity],
    inference: EventCounts, training: EventCounts, tmp_path: Path,
) -> None:  # fmt: skip
    low = figure(1e9, 1e9, 1e9, "low")
    chips = [make_chip("sure"), make_chip("one", spike=low), make_chip("two", weight_write=low)]
    report = build_report(chips=chips, provenance={}, inference=inference, training=training)
    data, markdown, html = written(report, tmp_path)
    for page in (markdown, html):
        assert page.count("Figures of low confidence carry") == 1
        flat = page.replace("\u00a0", " ")
        flat = re.sub(r"</?strong>|\*\*", "", flat)
        assert "one: 100 % of an inference, 100 % of a training sample (spikes)" in flat
        assert "two: 100 % of a training sample (weight writes)" in flat
        assert not re.search(r"sure: \d", flat)
    assert len(data["chips"]["two"]["training"]["warnings"]) == 1


def test_the_most_written_weight_fails_first(
    make_chip: MakeChip, figure: Callable[..., Quantity]
) -> None:
    """Written 4 times in 1000 samples, it bears 10^6 writes for 250 x 10^6 samples."""
    endurance = figure(1e5, 1e6, 1e7, unit="writes")
    chip = make_chip(weights=Weights(1, True, None, endurance))
    until = first_failure(4, 1000, chip)
    assert until is not None
    assert (until.low, until.typical, until.high) == (2.5e7, 2.5e8, 2.5e9)
    assert first_failure(0, 1000, chip) is None
    assert first_failure(4, 1000, make_chip()) is None
    with pytest.raises(ConfigError, match="samples must be at least 1, got 0"):
        first_failure(4, 0, chip)

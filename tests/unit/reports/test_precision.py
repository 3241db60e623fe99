"""The study of weight precision: what is drawn where, and when there is nothing to draw."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval
from eqspike.energy.text import Amount
from eqspike.reports import ComparedSystem, SystemComparison, build_comparison, write_comparison
from eqspike.reports.plots import HEIGHT, MARKERS, Scale, Value, log_scale, make_plot, percent_scale
from eqspike.reports.precision import precision_study

MakeChip = Callable[..., ChipProfile]
MEMORIES: dict[str, dict[str, Any]] = {
    "wide": {"weight_memory": "fixed", "weight_bits": 8, "weight_rounding": "nearest"},
    "narrow": {"weight_memory": "fixed", "weight_bits": 2, "weight_rounding": "nearest"},
    "noisy": {"weight_memory": "fixed", "weight_bits": 8, "weight_rounding": "stochastic"},
    "ideal": {"weight_memory": "ideal"},
    "signs": {"weight_memory": "binary"},
    "unknown": {},
}


@pytest.fixture
def compare(
    make_chip: MakeChip, training: EventCounts, inference: EventCounts
) -> Callable[..., SystemComparison]:
    def make(*names: str, accuracy: float | None = 0.9, unpriced: str = "") -> SystemComparison:
        given = {} if accuracy is None else {"accuracy": accuracy}
        systems = [
            ComparedSystem(name, MEMORIES[name] | given, training, inference, {}, unpriced)
            for name in names
        ]
        none = dict.fromkeys(make_chip().energy)
        return build_comparison(systems, [make_chip("blank", **none), make_chip("priced")])

    return make


def test_columns_go_from_narrow_to_float(compare: Callable[..., SystemComparison]) -> None:
    study = precision_study(compare("ideal", "wide", "narrow", "noisy", "signs", "unknown"))
    assert study is not None
    assert study.chip == "priced"
    assert [plot.title for plot in study.plots] == [
        "Accuracy on the test set",
        "Weight writes per training sample",
        "Energy per training sample on priced",
    ]
    for plot in study.plots:
        assert [name for _, name in plot.columns] == ["1 bit", "2 bits", "8 bits", "float"]
        assert [series.name for series in plot.series] == [
            "binary", "nearest rounding", "stochastic rounding", "floating point"
        ]  # fmt: skip
        assert [len(series.points) for series in plot.series] == [1, 2, 1, 1]
        assert len(plot.series[1].segments) == 1
        assert "8 bits" in plot.label
    assert [line[0] for line in study.lines] == ["signs", "narrow", "wide", "noisy", "ideal"]


def test_systems_without_price_or_accuracy_leave_plots_out(
    compare: Callable[..., SystemComparison],
) -> None:
    unpriced = precision_study(compare("wide", "ideal", unpriced="rates"))
    assert unpriced is not None
    assert unpriced.chip == ""
    assert len(unpriced.plots) == 2
    assert unpriced.lines[0][-1] == Amount("not priced", "")
    blank = precision_study(compare("wide", "ideal", accuracy=None))
    assert blank is not None
    assert len(blank.plots) == 2


def test_networks_of_different_sizes_are_series_of_their_own(
    compare: Callable[..., SystemComparison],
) -> None:
    """So that no line joins them."""
    made = compare("wide", "narrow")
    small, large = (
        replace(system, weights={"a-b": number})
        for system, number in zip(made.systems, (10, 20), strict=True)
    )
    study = precision_study(build_comparison([small, large], made.chips))
    assert study is not None
    assert [name for _, name in study.series] == [
        "nearest rounding, 20 weights",
        "nearest rounding, 10 weights",
    ]
    assert not any(series.segments for plot in study.plots for series in plot.series)


def test_one_kind_of_weights_is_no_study(compare: Callable[..., SystemComparison]) -> None:
    """Nor is a system whose weights are unknown a second kind."""
    assert precision_study(compare("wide", "unknown")) is None
    assert precision_study(compare("wide", "narrow")) is not None


def test_the_page_draws_every_system(
    compare: Callable[..., SystemComparison], tmp_path: Path
) -> None:
    *_, html = write_comparison(compare("ideal", "wide", "narrow"), tmp_path)
    text = html.read_text(encoding="utf-8")
    assert text.count('<use href="#point-0"') == 1 + 3 * 2
    assert text.count('<use href="#point-1"') == 1 + 3 * 1
    paths = re.findall(r'<path id="point-(\d)" (class="[a-z-]*" d="[^"]*")', text)
    assert [int(index) for index, _ in paths] == list(range(MARKERS))
    assert len({marker for _, marker in paths}) == MARKERS


@pytest.mark.parametrize(
    ("shares", "first", "last"),
    [
        ([0.7402, 0.9631], 0.7, 1.0),
        ([0.9619, 0.9631], 0.9615, 0.9635),
        ([0.5], 0.5, 0.5001),
        ([0.0, 1.0], 0.0, 1.0),
    ],
)
def test_percent_axis_has_few_round_ticks(shares: list[float], first: float, last: float) -> None:
    scale = percent_scale(shares)
    assert scale.first == pytest.approx(first)
    assert scale.last == pytest.approx(last)
    assert 2 <= len(scale.ticks) <= 6
    for share in shares:
        assert 0.0 <= float(scale.place(share)) <= HEIGHT


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (1.2e-4, 1.5e-4), (4.7, 324.0), (1e-15, 1.0), (3e-12, 3.1e-12)]
)
def test_logarithmic_axis_covers_what_it_is_given(low: float, high: float) -> None:
    scale = log_scale([Interval(low, low, high)], str)
    assert scale.first <= low
    assert high <= scale.last
    assert 1 <= len(scale.ticks) <= 6
    assert all(scale.first <= amount <= scale.last for amount, _ in scale.ticks)
    for amount in (low, high):
        assert 0.0 <= float(scale.place(amount)) <= HEIGHT


def test_places_of_points() -> None:
    """The top is the largest amount; means join columns; a series without values keeps its marker."""
    scale = Scale(0.0, 10.0, False, ((0.0, "0"),))
    values = {
        "none": [],
        "some": [
            Value("a", Interval(2.0, 5.0, 10.0), "five"),
            Value("a", Interval(7.0, 7.0, 7.0), "seven"),
            Value("b", Interval(0.0, 0.0, 0.0), "nothing"),
        ],
    }
    plot = make_plot("title", ["a", "b"], scale, values)
    (series,) = plot.series
    assert series.marker == 1
    assert [(p.x, p.y) for p in series.points] == [
        ("25.00%", "120.0"),
        ("25.00%", "72.0"),
        ("75.00%", "240.0"),
    ]
    assert (series.points[0].low, series.points[0].high) == ("192.0", "0.0")
    assert series.segments == (("25.00%", "96.0", "75.00%", "240.0"),)
    assert plot.label == "title. some: five, seven, nothing"
    half = Scale(1.0, 100.0, True, ()).place(10.0)
    assert math.isclose(float(half), HEIGHT / 2)

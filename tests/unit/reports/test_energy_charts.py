"""Geometry of the charts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.core.counts import EventCounts, PhaseCounts
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import Conditions, estimate
from eqspike.reports import charts

MakeChip = Callable[..., ChipProfile]
CONDITIONS = Conditions(step_time_s=1.0, hops_per_spike={"hidden": 1.0})


def at(place: str) -> float:
    assert place.endswith("%")
    return float(place[:-1])


def flat(value: float) -> Interval:
    return Interval(value, value, value)


class TestLogAxis:
    def test_decades_are_equally_far(self) -> None:
        axis = charts.LogAxis([Interval(1e-9, 1e-8, 1e-7), flat(1e-6)])
        assert [at(axis.place(x)) for x in (1e-9, 1e-8, 1e-7, 1e-6)] == [0.0, 33.33, 66.67, 100.0]

    def test_the_ends_enclose_the_amounts(self) -> None:
        axis = charts.LogAxis([Interval(3e-9, 4e-9, 5e-7)])
        assert at(axis.place(1e-9)) == 0.0
        assert at(axis.place(1e-6)) == 100.0

    def test_a_single_power_of_ten_has_a_decade(self) -> None:
        axis = charts.LogAxis([flat(1e-6)])
        assert [tick.x for tick in axis.ticks()] == ["0.00%", "100.00%"]

    @pytest.mark.parametrize("decades", [1, 2, 5, 6, 11, 23])
    def test_few_ticks_whole_decades_apart(self, decades: int) -> None:
        axis = charts.LogAxis([flat(1e-12), flat(10.0 ** (decades - 12))])
        ticks = axis.ticks()
        assert 2 <= len(ticks) <= 6
        gaps = {round(at(b.x) - at(a.x), 1) for a, b in pairwise(ticks)}
        assert max(gaps) - min(gaps) <= 0.11
        assert ticks[0].anchor == "start"

    def test_text_at_the_far_end_stays_inside(self) -> None:
        assert charts.LogAxis([flat(1e-9), flat(1e-6)]).ticks()[-1].anchor == "end"


class TestBars:
    def test_all_phases_first_on_one_scale(
        self, make_chip: MakeChip, training: EventCounts
    ) -> None:
        result = estimate(training, make_chip())
        bars = charts.phase_bars(result)
        assert [bar.label for bar in bars] == ["all phases", "free", "nudged", "update"]
        spans = [bar.span for bar in bars]
        assert spans[0] is not None
        assert at(spans[0].high) == 100.0
        rest = [at(span.high) for span in spans[1:] if span is not None]
        assert sum(rest) == pytest.approx(100.0, abs=0.05)

    def test_one_phase_is_not_drawn_twice(
        self, make_chip: MakeChip, inference: EventCounts
    ) -> None:
        bars = charts.phase_bars(estimate(inference, make_chip()))
        assert [bar.label for bar in bars] == ["free"]

    def test_segments_join_up_to_the_typical_value(
        self, make_chip: MakeChip, figure: Callable[..., Quantity], training: EventCounts
    ) -> None:
        chip = make_chip(static=figure(1e7, 2e7, 3e7, unit="W"))
        bar = charts.phase_bars(estimate(training, chip, CONDITIONS))[0]
        assert [segment.part for segment in bar.segments] == [0, 1, 2, 3, 4, 5, 6, 7]
        place = 0.0
        for segment in bar.segments:
            assert at(segment.x) == pytest.approx(place, abs=0.05)
            place += at(segment.width)
        assert bar.span is not None
        assert place == pytest.approx(at(bar.span.typical), abs=0.05)

    def test_phase_without_a_figure_is_not_zero(
        self, make_chip: MakeChip, training: EventCounts
    ) -> None:
        bar = charts.phase_bars(estimate(training, make_chip(weight_write=None)))[-1]
        assert (bar.label, bar.value, bar.segments, bar.span) == (
            "update",
            "not modelled",
            (),
            None,
        )

    def test_phase_whose_costs_are_in_another_figure_says_so(
        self, make_chip: MakeChip, training: EventCounts
    ) -> None:
        """The update phase only writes, and every write is part of a rule evaluation."""
        only = training.phases["update"].plasticity
        counts = EventCounts(
            training.samples,
            {
                **training.phases,
                "update": PhaseCounts(plasticity={"input-hidden": only["output"]}),
            },
        )
        chip = make_chip(weight_write=IncludedIn("rule_evaluation"))
        bar = charts.phase_bars(estimate(counts, chip))[-1]
        assert (bar.label, bar.value, bar.span) == ("update", "in rule evaluations", None)

    def test_no_bars_without_any_figure(self, make_chip: MakeChip, inference: EventCounts) -> None:
        chip = make_chip(synaptic_operation=None, neuron_update=None, spike=None)
        assert charts.phase_bars(estimate(inference, chip)) == ()

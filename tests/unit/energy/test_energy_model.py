"""The estimate: what is counted, copied, left out and said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eqspike.chips import ChipProfile, IncludedIn, Timestep
from eqspike.core.counts import CouplingCounts, EventCounts, PhaseCounts, PlasticityCounts
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import CATEGORIES, Conditions, estimate

MakeChip = Callable[..., ChipProfile]
MakeFigure = Callable[..., Quantity]

# Figures of the toy chip, in the order of CATEGORIES: 1, 2, 4, 8, 16, 32 J low.
INFERENCE = {
    "synaptic operations": 44,  # 30 + 8 + 6
    "neuron updates": 100,  # 60 + 40
    "spikes": 16,  # 10 + 4 + 2
    "trace updates": 0,
    "rule evaluations": 0,
    "weight writes": 0,
    "hops": 23,  # 10 x 1 + 4 x 2.5 + 2 x 1.5
}
TRAINING = {
    "synaptic operations": 55,  # 44 + 6 + 2 + 3
    "neuron updates": 120,  # 100 + 12 + 8
    "spikes": 20,  # 16 + 2 + 1 + 1
    "trace updates": 32,  # 12 + 12 + 8
    "rule evaluations": 19,  # 9 + 2 x 5: hidden-output is stored twice
    "weight writes": 13,  # 5 + 2 x 3 + 2 of the bias
    "hops": 29,  # 23 + 2 x 1 + 1 x 2.5 + 1 x 1.5
}
HOPS = {"input": 1.0, "hidden": 2.5, "output": 1.5}


@pytest.mark.parametrize(("name", "expected"), [("inference", INFERENCE), ("training", TRAINING)])
def test_each_category_is_its_count_times_its_figure(
    name: str, expected: dict[str, int], make_chip: MakeChip, request: pytest.FixtureRequest
) -> None:
    conditions = Conditions(hops_per_spike=HOPS)
    result = estimate(request.getfixturevalue(name), make_chip(), conditions)
    for index, category in enumerate(CATEGORIES):
        low = expected[category] * 2.0**index
        assert result.energy(category=category) == Interval(low, low * 2.0**10, low * 2.0**20)


def test_total_and_per_sample(make_chip: MakeChip, inference: EventCounts) -> None:
    result = estimate(inference, make_chip())
    assert result.total is not None
    assert result.per_sample is not None
    assert result.total.low == 44 * 1 + 100 * 2 + 16 * 4
    assert result.per_sample.low == result.total.low / 2
    assert result.dynamic == result.total


def test_phases_and_places(make_chip: MakeChip, training: EventCounts) -> None:
    result = estimate(training, make_chip())
    assert result.phases == ("free", "nudged", "update")
    nudged = 11 * 1 + 20 * 2 + 4 * 4 + 32 * 8 + 19 * 16 + 11 * 32
    assert result.energy(phase="nudged") == Interval(nudged, nudged * 2.0**10, nudged * 2.0**20)
    hidden = result.energy(place="hidden", phase="free")
    assert hidden is not None
    assert hidden.low == 60 * 2 + 4 * 4


def test_only_couplings_with_both_directions_are_stored_twice(make_chip: MakeChip) -> None:
    counts = EventCounts(
        1,
        {
            "learn": PhaseCounts(
                1,
                {},
                {
                    "a->b": CouplingCounts(),
                    "b->c": CouplingCounts(),
                    "c->b": CouplingCounts(),
                },
                {
                    "a-b": PlasticityCounts(1, 1, 1),
                    "b-c": PlasticityCounts(1, 1, 1),
                    "c": PlasticityCounts(1, 1, 1),
                },
            )
        },
    )
    result = estimate(counts, make_chip())
    copies = {row.event.place: row.event.copies for row in result.select(category="weight writes")}
    assert copies == {"a-b": 1, "b-c": 2, "c": 1}
    assert any("(b-c) are stored twice" in text for text in result.assumptions)


def test_nothing_is_said_about_copies_without_any(
    make_chip: MakeChip, inference: EventCounts
) -> None:
    assert not any("twice" in text for text in estimate(inference, make_chip()).assumptions)


def test_unknown_figure_is_a_gap_with_its_count(make_chip: MakeChip, training: EventCounts) -> None:
    chip = make_chip(neuron_update=None, rule_evaluation=None)
    result = estimate(training, chip)
    gaps = {gap.what: gap.count for gap in result.gaps}
    assert gaps["neuron updates"] == 120
    assert gaps["rule evaluations"] == 19
    assert result.energy(category="neuron updates") is None
    assert result.total is not None
    assert result.total.low == 55 * 1 + 20 * 4 + 32 * 8 + 13 * 32
    assert result.lower_bound
    assert result.statement.startswith("Lower bound: neuron updates, rule evaluations,")


def test_category_without_events_is_zero_even_without_a_figure(
    make_chip: MakeChip, inference: EventCounts
) -> None:
    chip = make_chip(trace_update=None, rule_evaluation=None, weight_write=None)
    result = estimate(inference, chip)
    assert result.energy(category="trace updates") == Interval(0.0, 0.0, 0.0)
    assert {gap.what for gap in result.gaps} == {"static power", "power of the cores in use"}


def test_phase_of_unknown_events_alone_is_unknown(
    make_chip: MakeChip, training: EventCounts
) -> None:
    result = estimate(training, make_chip(weight_write=None))
    assert result.energy(phase="update") is None
    assert result.whole("update") is None
    assert result.energy(phase="nudged") is not None


def test_nothing_known_has_no_total(make_chip: MakeChip, inference: EventCounts) -> None:
    chip = make_chip(synaptic_operation=None, neuron_update=None, spike=None)
    result = estimate(inference, chip)
    assert result.total is None
    assert result.per_sample is None


class TestIncludedCost:
    def test_is_counted_once_and_is_no_gap(
        self, make_chip: MakeChip, inference: EventCounts
    ) -> None:
        chip = make_chip(neuron_update=IncludedIn("synaptic_operation"))
        result = estimate(inference, chip)
        assert result.total is not None
        assert result.total.low == 44 * 1 + 16 * 4
        assert "neuron updates" not in {gap.what for gap in result.gaps}
        assert any("neuron updates is part of" in text for text in result.assumptions)
        assert result.energy(category="neuron updates") is None

    def test_is_a_gap_where_the_container_did_not_happen(
        self, make_chip: MakeChip, training: EventCounts
    ) -> None:
        result = estimate(training, make_chip(weight_write=IncludedIn("rule_evaluation")))
        gap = next(gap for gap in result.gaps if gap.what == "weight writes")
        # The bias of `output` is written without a rule evaluation to carry its cost.
        assert gap.count == 2
        assert "rule evaluation" in gap.reason
        rows = result.select(category="weight writes", place="input-hidden")
        assert [row.included_in for row in rows] == ["rule evaluations"]


class TestStaticPower:
    def test_power_times_steps_times_step_time(
        self, make_chip: MakeChip, make_power: MakeFigure, inference: EventCounts
    ) -> None:
        chip = make_chip(static=make_power(1.0, 2.0, 3.0))
        result = estimate(inference, chip, Conditions(step_time_s=0.5))
        assert result.static == {"free": Interval(10.0, 20.0, 30.0)}
        assert result.total is not None
        assert result.dynamic is not None
        assert result.total.typical == result.dynamic.typical + 20.0
        assert [gap.what for gap in result.gaps] == ["power of the cores in use"]
        assert any("without a pause" in text for text in result.assumptions)

    def test_step_time_of_the_profile_is_an_interval(
        self,
        make_chip: MakeChip,
        make_power: MakeFigure,
        figure: MakeFigure,
        inference: EventCounts,
    ) -> None:
        timestep = Timestep("clocked", figure(0.5, 1.0, 2.0, unit="s"))
        chip = make_chip(static=make_power(1.0, 2.0, 3.0), timestep=timestep)
        assert estimate(inference, chip).static["free"] == Interval(10.0, 40.0, 120.0)
        given = estimate(inference, chip, Conditions(step_time_s=1.0)).static["free"]
        assert given == Interval(20.0, 40.0, 60.0)

    def test_without_a_step_time_it_is_a_gap(
        self, make_chip: MakeChip, make_power: MakeFigure, inference: EventCounts
    ) -> None:
        result = estimate(inference, make_chip(static=make_power(1.0, 2.0, 3.0)))
        assert result.static == {}
        gap = next(gap for gap in result.gaps if gap.what == "static power")
        assert "step time" in gap.reason

    def test_cores_in_use(
        self, make_chip: MakeChip, make_power: MakeFigure, inference: EventCounts
    ) -> None:
        chip = make_chip(static=make_power(1.0, 1.0, 1.0), per_core=make_power(0.25, 0.5, 0.75))
        without = estimate(inference, chip, Conditions(step_time_s=1.0))
        assert without.static["free"].typical == 20.0
        assert "not given" in without.gaps[-1].reason
        both = estimate(inference, chip, Conditions(step_time_s=1.0, cores=4))
        assert both.static["free"] == Interval(20 * 2.0, 20 * 3.0, 20 * 4.0)
        assert both.gaps == ()
        assert both.statement == "Complete for the events counted and static power."

    def test_included_in_static_power_is_no_gap(
        self, make_chip: MakeChip, make_power: MakeFigure, inference: EventCounts
    ) -> None:
        chip = make_chip(static=make_power(1.0, 1.0, 1.0), per_core=IncludedIn("static_w"))
        assert estimate(inference, chip, Conditions(step_time_s=1.0)).gaps == ()

    @pytest.fixture
    def make_power(self, figure: MakeFigure) -> MakeFigure:
        def make(low: float, typical: float, high: float) -> Quantity:
            return figure(low, typical, high, unit="W")

        return make


class TestLowConfidence:
    def counts(self, operations: int, updates: int) -> EventCounts:
        phase = PhaseCounts(
            1,
            {},
            {"a->b": CouplingCounts(operations)},
            {"a-b": PlasticityCounts(updates, 0, 0)},
        )
        return EventCounts(1, {"free": phase})

    @pytest.mark.parametrize(("updates", "warned"), [(20, False), (21, True)])
    def test_warns_above_a_fifth_of_the_typical_total(
        self, make_chip: MakeChip, figure: MakeFigure, updates: int, warned: bool
    ) -> None:
        chip = make_chip(
            synaptic_operation=figure(1.0, 1.0, 1.0),
            rule_evaluation=figure(1.0, 1.0, 1.0, "low"),
        )
        warnings = estimate(self.counts(80, updates), chip).warnings
        assert bool(warnings) is warned
        if warned:
            assert "rule evaluations" in warnings[0]
            assert "synaptic" not in warnings[0]
            assert "21\u00a0%" in warnings[0]

    def test_medium_confidence_is_enough(self, make_chip: MakeChip, figure: MakeFigure) -> None:
        chip = make_chip(rule_evaluation=figure(1.0, 1.0, 1.0, "medium"))
        assert estimate(self.counts(0, 9), chip).warnings == ()

    def test_static_power_counts(
        self, make_chip: MakeChip, figure: MakeFigure, inference: EventCounts
    ) -> None:
        chip = make_chip(static=figure(1e9, 1e9, 1e9, "low", "W"))
        assert "static power" in estimate(inference, chip, Conditions(step_time_s=1.0)).warnings[0]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"step_time_s": 0.0}, "step time"),
        ({"step_time_s": -1.0}, "step time"),
        ({"step_time_s": float("inf")}, "step time"),
        ({"step_time_s": float("nan")}, "step time"),
        ({"cores": 0}, "cores"),
        ({"active_share": -0.1}, "share"),
        ({"active_share": 1.1}, "share"),
        ({"active_share": float("nan")}, "share"),
        ({"hops_per_spike": {"hidden": -1.0}}, "layer 'hidden'"),
        ({"hops_per_spike": {"hidden": float("inf")}}, "layer 'hidden'"),
    ],
)
def test_impossible_conditions_are_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Conditions(**arguments)


def test_counts_without_samples_are_refused(make_chip: MakeChip) -> None:
    with pytest.raises(ConfigError, match="samples"):
        estimate(EventCounts(), make_chip())

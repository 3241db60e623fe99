"""Laws of the energy estimate: additive, monotone, proportional, and unknown is never zero."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eqspike.chips import EVENTS, ChipProfile, with_figures
from eqspike.chips.figures import UNITS
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import CATEGORIES, Conditions, Estimate, estimate
from eqspike.testing.energies import (
    HOPS,
    PHASES,
    PRICED,
    chip_with,
    close,
    complete_chips,
    counts,
    scale,
    scale_quantity,
)

ENERGIES = UNITS["J"]
"""How many of each unit a joule has."""


def priced(counted: EventCounts, chip: ChipProfile) -> Estimate:
    return estimate(counted, chip, Conditions(1e-3, hops_per_spike=HOPS))


def total(counted: EventCounts, chip: ChipProfile) -> Interval:
    whole = priced(counted, chip).total
    assert whole is not None
    return whole


@given(counts, counts, complete_chips())
def test_additive_over_samples(one: EventCounts, two: EventCounts, chip: ChipProfile) -> None:
    assert close(total(one + two, chip), Interval.total((total(one, chip), total(two, chip))))


@given(counts, complete_chips())
def test_additive_over_phases_categories_and_places(
    counted: EventCounts, chip: ChipProfile
) -> None:
    result = priced(counted, chip)
    assert result.total is not None
    assert result.dynamic is not None
    by_phase = [result.whole(name) for name in PHASES]
    assert close(result.total, Interval.total(part for part in by_phase if part))
    by_category = [result.energy(category=name) for name in CATEGORIES]
    assert close(result.dynamic, Interval.total(part for part in by_category if part))
    places = {row.event.place for row in result.rows}
    by_place = [result.energy(place=name) for name in places]
    assert close(result.dynamic, Interval.total(part for part in by_place if part))


@given(counts, complete_chips())
def test_phases_may_be_estimated_apart(counted: EventCounts, chip: ChipProfile) -> None:
    """The energy of a phase does not depend on the others, where each has both directions of the couplings."""
    apart = [
        total(EventCounts(counted.samples, {name: phase}), chip)
        for name, phase in counted.phases.items()
    ]
    assert close(total(counted, chip), Interval.total(apart))


@given(
    counts, st.integers(1, 1000), st.sampled_from(PRICED[:-1]), st.sampled_from(sorted(ENERGIES))
)
def test_units_are_only_a_way_to_write_figures(
    counted: EventCounts, amount: int, event: str, unit: str
) -> None:
    """So many picojoules are the same in joules, or in any unit between; twice as many are twice the energy."""
    bare = chip_with(dict.fromkeys(EVENTS))

    def cost(text: str) -> Interval:
        return total(
            counted + EventCounts(0, {"free": single(event)}), with_figures(bare, {event: text})
        )

    in_unit = f"{amount * ENERGIES[unit] / ENERGIES['pJ']:.17g}{unit}"
    assert close(cost(in_unit), cost(f"{amount}pJ"))
    assert cost(f"{2 * amount}{unit}") == cost(f"{amount}{unit}").scaled(2.0)


@given(counts, complete_chips())
def test_repeated_samples_cost_the_same_each(counted: EventCounts, chip: ChipProfile) -> None:
    one, two = priced(counted, chip).per_sample, priced(counted + counted, chip).per_sample
    assert one is not None
    assert two is not None
    assert close(one, two)


@given(counts, counts, complete_chips())
def test_more_events_never_cost_less(
    some: EventCounts, more: EventCounts, chip: ChipProfile
) -> None:
    before, after = total(some, chip), total(some + more, chip)
    assert after.low >= before.low
    assert after.typical >= before.typical
    assert after.high >= before.high


@given(counts, complete_chips(), st.sampled_from(PRICED[:-1]))
def test_one_more_event_costs_its_figure(
    counted: EventCounts, chip: ChipProfile, event: str
) -> None:
    """Every count reaches the total, with its own figure and no other."""
    one = EventCounts(0, {"nudged": single(event)})
    only = chip_with({**dict.fromkeys(EVENTS), event: chip.energy[event]})
    before, after = estimate(counted, only).total, estimate(counted + one, only).total
    figure = chip.energy[event]
    assert isinstance(figure, Quantity)
    had = before.typical if before is not None else 0.0
    assert after is not None
    assert abs(after.typical - had - figure.typical) <= 1e-12 * after.typical


def single(event: str) -> PhaseCounts:
    layer = {
        "spike": LayerCounts(spikes=1),
        "neuron_update": LayerCounts(neuron_updates=1),
        "trace_update": LayerCounts(trace_updates=1),
    }
    weight = {
        "rule_evaluation": PlasticityCounts(rule_evaluations=1),
        "weight_write": PlasticityCounts(applied_writes=1),
    }
    if event in layer:
        return PhaseCounts(0, {"hidden": layer[event]})
    if event in weight:
        return PhaseCounts(0, plasticity={"input-hidden": weight[event]})
    return PhaseCounts(0, couplings={"input->hidden": CouplingCounts(1, 0)})


@given(counts, complete_chips(), st.sampled_from((2.0**-20, 0.5, 2.0, 2.0**30)))
def test_scales_with_the_figures(counted: EventCounts, chip: ChipProfile, factor: float) -> None:
    scaled = chip_with(
        {event: scale(figure, factor) for event, figure in chip.energy.items()},
        None if chip.static is None else scale_quantity(chip.static, factor),  # type: ignore[arg-type]
    )
    # Powers of two scale without rounding, so the law is exact.
    assert total(counted, scaled) == total(counted, chip).scaled(factor)


@given(counts, complete_chips())
def test_intervals_stay_in_order(counted: EventCounts, chip: ChipProfile) -> None:
    for row in priced(counted, chip).rows:
        assert row.energy is not None
        assert 0.0 <= row.energy.low <= row.energy.typical <= row.energy.high
    whole = total(counted, chip)
    assert whole.low <= whole.typical <= whole.high


@given(counts, complete_chips(), st.sets(st.sampled_from(PRICED[:-1]), min_size=1))
def test_unknown_never_becomes_zero(
    counted: EventCounts, chip: ChipProfile, unknown: set[str]
) -> None:
    holes = replace(chip, energy={**chip.energy, **dict.fromkeys(unknown)})
    result, full = priced(counted, holes), priced(counted, chip)
    gaps = {gap.what for gap in result.gaps}
    for category, event in zip(CATEGORIES, PRICED, strict=True):
        happened = any(row.event.count for row in result.select(category=category))
        if event in unknown and happened:
            assert result.energy(category=category) is None
            assert category in gaps
            assert all(
                row.energy is None for row in result.select(category=category) if row.event.count
            )
        else:
            assert result.energy(category=category) == full.energy(category=category)
            assert category not in gaps
    if result.total is not None and full.total is not None:
        assert result.total.low <= full.total.low


@given(counts, complete_chips())
def test_order_of_phases_and_places_does_not_matter(
    counted: EventCounts, chip: ChipProfile
) -> None:
    turned = EventCounts(
        counted.samples,
        {
            name: PhaseCounts(
                phase.sample_steps,
                dict(reversed(tuple(phase.layers.items()))),
                dict(reversed(tuple(phase.couplings.items()))),
                dict(reversed(tuple(phase.plasticity.items()))),
            )
            for name, phase in reversed(tuple(counted.phases.items()))
        },
    )
    assert priced(turned, chip).dynamic == priced(counted, chip).dynamic

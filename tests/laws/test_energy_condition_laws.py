"""Laws of what an estimate rests on beside counts: time, idle neurons, single figures, wear."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eqspike.chips import ChipProfile, Weights
from eqspike.core.counts import EventCounts
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import Conditions, estimate, swings, wear
from eqspike.testing.energies import (
    HOPS,
    WEIGHTS,
    close,
    complete_chips,
    counts,
    positive,
    scale_quantity,
)

shares = st.floats(0.0, 1.0)


@given(counts, counts, complete_chips(), positive)
def test_time_is_additive_and_proportional_to_the_step(
    one: EventCounts, two: EventCounts, chip: ChipProfile, step: float
) -> None:
    """Time on the chip adds up over samples and phases, and scales with the step time."""
    once, twice = Conditions(step_time_s=step), Conditions(step_time_s=2.0 * step)
    both = estimate(one + two, chip, once)
    apart = [Interval.total(estimate(c, chip, once).seconds.values()) for c in (one, two)]
    assert close(Interval.total(both.seconds.values()), Interval.total(apart))
    slower = estimate(one + two, chip, twice)
    assert both.latency is not None
    assert slower.latency == both.latency.scaled(2.0)


@given(counts, complete_chips(), st.data())
def test_a_mixture_of_active_and_idle_lies_between_them(
    counted: EventCounts, chip: ChipProfile, data: st.DataObject
) -> None:
    """All active is the dearest, all idle the cheapest; unknown encloses both."""
    active = chip.energy["neuron_update"]
    assert isinstance(active, Quantity)
    idle = scale_quantity(active, data.draw(shares.filter(lambda share: share > 0.0)))
    told_apart = replace(chip, energy={**chip.energy, "neuron_update_idle": idle})

    def updates(share: float | None) -> Interval:
        found = estimate(counted, told_apart, Conditions(active_share=share))
        energy = found.energy(category="neuron updates")
        assert energy is not None
        return energy

    mixed, none, everything = updates(data.draw(shares)), updates(0.0), updates(1.0)
    assert close(everything, estimate(counted, chip).energy(category="neuron updates") or mixed)
    slack = 1.0 + 1e-12
    assert none.typical <= mixed.typical * slack <= everything.typical * slack * slack
    unknown = updates(None)
    assert unknown.low <= none.low * slack
    assert (unknown.typical, unknown.high) == (everything.typical, everything.high)


@given(counts, complete_chips())
def test_swings_are_ordered_and_add_up_to_the_width(
    counted: EventCounts, chip: ChipProfile
) -> None:
    """Each figure alone: with sums of products the changes of all of them make the whole interval."""
    dynamic_only = replace(chip, static=None)
    mapped = Conditions(hops_per_spike=HOPS)
    found = swings(counted, dynamic_only, mapped)
    each = estimate(counted, dynamic_only, mapped).per_sample
    assert each is not None
    assert [s.change for s in found] == sorted((s.change for s in found), reverse=True)
    for swing in found:
        assert each.low <= swing.low * (1 + 1e-12)
        assert swing.high <= each.high * (1 + 1e-12)
    width = each.high - each.low
    assert abs(sum(s.change for s in found) - width) <= 1e-9 * each.high


@given(counts, complete_chips(), st.integers(1, 10**6), st.sampled_from((2.0**-3, 2.0, 2.0**10)))
def test_wear_follows_writes_weights_and_endurance(
    counted: EventCounts, chip: ChipProfile, number: int, factor: float
) -> None:
    """Half as many writes, or twice the weights or the endurance, last twice as long; per sample."""
    endurance = Quantity(1e6, 1e8, 1e9, "writes", ("book",), "low")
    lasting = replace(chip, weights=Weights(None, None, None, endurance))
    longer = replace(chip, weights=Weights(None, None, None, scale_quantity(endurance, factor)))
    names = dict.fromkeys(WEIGHTS, number)
    found = wear(counted, lasting, names)
    assert [w.samples.scaled(factor) for w in found] == [
        w.samples for w in wear(counted, longer, names)
    ]
    again = wear(counted + counted, lasting, names)
    assert [(w.place, w.writes) for w in again] == [(w.place, w.writes) for w in found]
    assert [w.writes for w in found] == sorted((w.writes for w in found), reverse=True)
    written = {
        name
        for phase in counted.phases.values()
        for name, weight in phase.plasticity.items()
        if weight.applied_writes
    }
    assert {w.place for w in found} == written
    assert wear(counted, chip, names) == ()

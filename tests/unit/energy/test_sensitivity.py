"""Sensitivity: every assumption alone, in order of what it moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eqspike.chips import ChipProfile, Timestep
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.quantities import Quantity
from eqspike.energy import Conditions, swings
from eqspike.energy.events import EVENT_OF
from eqspike.energy.sensitivity import SHARE, Swing

MakeChip = Callable[..., ChipProfile]
MakeFigure = Callable[..., Quantity]

COUNTS = EventCounts(
    2, {"free": PhaseCounts(40, {"b": LayerCounts(0, 60)}, {"a->b": CouplingCounts(20)})}
)


@pytest.fixture
def bare(make_chip: MakeChip) -> MakeChip:
    """A chip that has only the figures given."""

    def make(**figures: object) -> ChipProfile:
        return make_chip(**{**dict.fromkeys(EVENT_OF.values()), **figures})

    return make


def test_each_figure_alone(bare: MakeChip, figure: MakeFigure) -> None:
    """10 operations and 30 updates a sample: 10 x 2 + 30 x 3 = 110 J; one figure moves at a time."""
    chip = bare(synaptic_operation=figure(1.0, 2.0, 8.0), neuron_update=figure(2.0, 3.0, 4.0))
    assert swings(COUNTS, chip) == (
        Swing("synaptic operation", 100.0, 170.0),
        Swing("neuron update", 80.0, 140.0),
    )
    assert swings(COUNTS, chip)[0].change == 70.0


def test_figures_that_move_nothing_are_left_out(bare: MakeChip, figure: MakeFigure) -> None:
    chip = bare(
        synaptic_operation=figure(2.0, 2.0, 2.0),  # no width
        spike=figure(1.0, 2.0, 3.0),  # no events
        neuron_update=figure(2.0, 3.0, 4.0),
    )
    assert [swing.figure for swing in swings(COUNTS, chip)] == ["neuron update"]


def test_nothing_modelled_has_no_swings(bare: MakeChip) -> None:
    assert swings(COUNTS, bare()) == ()


def test_power_and_time(bare: MakeChip, figure: MakeFigure) -> None:
    """20 steps a sample: (2 + 4 x 0.5) W x 20 x 1 s = 80 J."""
    chip = bare(
        static=figure(1.0, 2.0, 3.0, unit="W"),
        per_core=figure(0.25, 0.5, 1.5, unit="W"),
        timestep=Timestep("clocked", figure(0.5, 1.0, 3.0, unit="s")),
    )
    assert swings(COUNTS, chip, Conditions(cores=4)) == (
        Swing("step time", 40.0, 240.0),
        Swing("power per core", 60.0, 160.0),
        Swing("static power", 60.0, 100.0),
    )
    given = swings(COUNTS, chip, Conditions(cores=4, step_time_s=1.0))
    assert "step time" not in {swing.figure for swing in given}


def test_the_share_of_active_neurons_is_an_assumption(bare: MakeChip, figure: MakeFigure) -> None:
    chip = bare(neuron_update=figure(3.0, 3.0, 3.0), neuron_update_idle=figure(1.0, 1.0, 2.0))
    assert swings(COUNTS, chip) == (Swing(SHARE, 30.0, 90.0),)
    # A third active: 10 x 3 + 20 x 1 to 20 x 2.
    known = swings(COUNTS, chip, Conditions(active_share=1 / 3))
    assert [swing.figure for swing in known] == ["neuron update idle"]
    assert (known[0].low, known[0].high) == pytest.approx((50.0, 70.0))

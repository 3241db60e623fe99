"""Figures of the user in place of a profile's."""

from __future__ import annotations

import pytest

from eqspike.chips import ChipProfile, load_profile, with_figures
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Quantity


@pytest.fixture
def chip() -> ChipProfile:
    return load_profile("loihi2")


def test_one_amount_has_no_width(chip: ChipProfile) -> None:
    figure = with_figures(chip, {"synaptic_operation": "5pJ"}).energy["synaptic_operation"]
    assert isinstance(figure, Quantity)
    assert (figure.low, figure.typical, figure.high) == (5e-12, 5e-12, 5e-12)
    assert (figure.confidence, figure.sources) == ("low", ("user",))


def test_three_amounts_are_an_interval(chip: ChipProfile) -> None:
    given = with_figures(chip, {"spike": "1.5/2/1e1 nJ", "static_w": "3mW", "step_s": "20 us"})
    spike, static, step = given.energy["spike"], given.static, given.timestep.duration
    assert isinstance(spike, Quantity)
    assert (spike.low, spike.typical, spike.high) == (1.5e-9, 2e-9, 1e-8)
    assert isinstance(static, Quantity)
    assert (static.typical, static.unit) == (3e-3, "W")
    assert step is not None
    assert (step.typical, step.unit) == (2e-5, "s")
    assert given.timestep.mode == chip.timestep.mode


def test_the_rest_of_the_profile_stays(chip: ChipProfile) -> None:
    given = with_figures(chip, {"spike": "1pJ"})
    assert given.energy["hop"] is None
    assert (given.limits, given.digest, given.includes) == (chip.limits, chip.digest, ())
    assert with_figures(chip, {}) is chip
    assert with_figures(chip, {"synaptic_operation": "1pJ"}).includes


@pytest.mark.parametrize(
    ("name", "amount", "text"),
    [
        ("synop", "5pJ", "known are synaptic_operation"),
        ("spike", "5", "an amount with a unit"),
        ("spike", "pJ", "an amount with a unit"),
        ("spike", "-5pJ", "an amount with a unit"),
        ("spike", "1/2pJ", "an amount with a unit"),
        ("spike", "5mW", "must be one of J, mJ"),
        ("static_w", "5pJ", "must be one of W, mW"),
        ("spike", "0pJ", "above 0"),
        ("spike", "3/2/4pJ", "in order"),
        ("spike", "1e999pJ", "above 0"),
    ],
)
def test_what_is_wrong_is_named(chip: ChipProfile, name: str, amount: str, text: str) -> None:
    with pytest.raises(ConfigError, match=rf"figure loihi2\.{name}.*{text}"):
        with_figures(chip, {name: amount})

"""Chip profiles: what a description says is what is read, in SI units."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from eqspike.chips import IncludedIn, load_profile
from eqspike.core.quantities import Quantity
from eqspike.core.yaml_text import write_yaml
from eqspike.testing.chip_descriptions import BASE, FIGURE, PUBLISHED, SYNAPTIC, changed, load, put


def test_units_become_si(tmp_path: Path) -> None:
    chip = load(tmp_path, BASE)
    synaptic, neuron, spike = (
        chip.energy[name] for name in ("synaptic_operation", "neuron_update", "spike")
    )
    assert isinstance(synaptic, Quantity)
    assert isinstance(neuron, Quantity)
    assert isinstance(spike, Quantity)
    assert (synaptic.low, synaptic.typical, synaptic.high) == (1e-12, 2.5e-12, 4e-12)
    assert (neuron.low, neuron.typical, neuron.high) == (1e-9, 2.5e-9, 4e-9)
    assert (spike.low, spike.typical, spike.high) == (1e-15, 2.5e-15, 4e-15)
    assert synaptic.unit == neuron.unit == "J"
    assert isinstance(chip.static, Quantity)
    assert (chip.static.typical, chip.static.unit) == (2.5e-3, "W")
    assert chip.timestep.duration is not None
    assert (chip.timestep.duration.typical, chip.timestep.duration.unit) == (2.5e-6, "s")


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("J", 2.5), ("mJ", 2.5e-3), ("uJ", 2.5e-6), ("nJ", 2.5e-9), ("pJ", 2.5e-12), ("fJ", 2.5e-15)],
)
def test_units_of_energy(tmp_path: Path, unit: str, expected: float) -> None:
    figure = load(tmp_path, changed(put("energy/spike/unit", unit))).energy["spike"]
    assert isinstance(figure, Quantity)
    assert figure.typical == expected


@pytest.mark.parametrize(
    ("unit", "expected"), [("W", 2.5), ("mW", 2.5e-3), ("uW", 2.5e-6), ("nW", 2.5e-9)]
)
def test_units_of_power(tmp_path: Path, unit: str, expected: float) -> None:
    figure = load(tmp_path, changed(put("power/static_w/unit", unit))).static
    assert isinstance(figure, Quantity)
    assert figure.typical == expected


@pytest.mark.parametrize(
    ("unit", "expected"), [("s", 2.5), ("ms", 2.5e-3), ("us", 2.5e-6), ("ns", 2.5e-9)]
)
def test_units_of_time(tmp_path: Path, unit: str, expected: float) -> None:
    figure = load(tmp_path, changed(put("timestep/duration/unit", unit))).timestep.duration
    assert figure is not None
    assert figure.typical == expected


def test_everything_else_is_kept(tmp_path: Path) -> None:
    chip = load(tmp_path, BASE)
    assert chip.name == "mine"
    assert chip.includes == ("weight read",)
    assert chip.limits == {"cores": 4, "fan_in": 256}
    assert (chip.weights.bits, chip.weights.signed) == (4, True)
    assert chip.weights.stochastic_rounding is None
    assert chip.sources == BASE["sources"]
    figure = chip.energy["neuron_update"]
    assert isinstance(figure, Quantity)
    assert (figure.sources, figure.confidence, figure.note) == (("book",), "high", "all of it")


def test_null_is_none_and_not_zero(tmp_path: Path) -> None:
    chip = load(tmp_path, BASE)
    assert chip.energy["trace_update"] is None
    assert chip.energy["hop"] is None
    assert chip.per_core is None


def test_included_cost_keeps_its_container(tmp_path: Path) -> None:
    assert load(tmp_path, BASE).energy["weight_write"] == IncludedIn(
        "rule_evaluation", "same access"
    )


def test_a_profile_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(tmp_path, BASE).title = "another"  # type: ignore[misc]


def test_digest_follows_the_content_but_not_the_line_ends(tmp_path: Path) -> None:
    text = write_yaml(BASE)
    digests = []
    for name, content in (
        ("unix", text.encode()),
        ("windows", text.replace("\n", "\r\n").encode()),
        ("other", text.replace("A chip", "A chop").encode()),
    ):
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(content)
        digests.append(load_profile(str(path)).digest)
    assert digests[0] == digests[1] != digests[2]


def test_unknown_synaptic_operation_needs_no_includes(tmp_path: Path) -> None:
    chip = load(tmp_path, changed(put(SYNAPTIC, None)))
    assert chip.energy["synaptic_operation"] is None
    assert chip.includes == ()


def test_published_figures_are_kept_side_by_side(tmp_path: Path) -> None:
    """Both values of a conflict, in SI, with their definitions; how far apart is a number."""
    inside = {**PUBLISHED, "value": 2, "definition": "marginal"}
    aside = {**PUBLISHED, "value": 0.05, "unit": "nJ", "set_aside": "contains static power"}
    figure = {**FIGURE, "published": [inside, aside]}
    spike = load(tmp_path, changed(put("energy/spike", figure))).energy["spike"]
    assert isinstance(spike, Quantity)
    assert [item.value for item in spike.published] == [2e-12, 5e-11]
    assert [item.definition for item in spike.published] == ["marginal", "measured"]
    assert [item.set_aside for item in spike.published] == ["", "contains static power"]
    assert spike.disagreement == pytest.approx(25.0)


def test_without_published_figures_nothing_disagrees(tmp_path: Path) -> None:
    spike = load(tmp_path, BASE).energy["spike"]
    assert isinstance(spike, Quantity)
    assert (spike.published, spike.disagreement) == ((), 1.0)


def test_a_cost_can_be_part_of_static_power(tmp_path: Path) -> None:
    chip = load(tmp_path, changed(put("energy/trace_update", {"included_in": "static_w"})))
    assert chip.energy["trace_update"] == IncludedIn("static_w")


def test_static_power_can_be_part_of_a_synaptic_operation(tmp_path: Path) -> None:
    change = put("power/static_w", {"included_in": "synaptic_operation"})
    assert load(tmp_path, changed(change)).static == IncludedIn("synaptic_operation")


def test_endurance_is_read(tmp_path: Path) -> None:
    endurance = load(tmp_path, BASE).weights.endurance
    assert endurance is not None
    assert (endurance.low, endurance.high, endurance.unit) == (1, 4, "writes")


def test_only_processors_are_references(tmp_path: Path) -> None:
    assert load(tmp_path, changed(put("kind", "processor"))).reference
    assert not load(tmp_path, BASE).reference

"""Chip profiles: the shipped ones hold, and every way to get one wrong is refused by name."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile, IncludedIn, load_profile
from eqspike.core.errors import ConfigError
from eqspike.core.quantities import Quantity
from eqspike.core.yaml_text import write_yaml

CHIPS = Path(__file__).resolve().parents[3] / "chips"
SHIPPED = sorted(CHIPS.glob("*.yaml"))

FIGURE: dict[str, Any] = {
    "low": 1,
    "typical": 2.5,
    "high": 4,
    "unit": "pJ",
    "sources": ["book"],
    "confidence": "high",
    "note": "all of it",
}

BASE: dict[str, Any] = {
    "title": "A chip",
    "about": "For tests.",
    "kind": "mixed signal",
    "process_nm": 28,
    "supply_v": None,
    "energy": {
        "synaptic_operation": {**FIGURE, "includes": ["weight read"]},
        "neuron_update": {**FIGURE, "unit": "nJ"},
        "neuron_update_idle": None,
        "spike": {**FIGURE, "unit": "fJ"},
        "trace_update": None,
        "rule_evaluation": FIGURE,
        "weight_write": {"included_in": "rule_evaluation", "note": "same access"},
        "hop": None,
    },
    "power": {"static_w": {**FIGURE, "unit": "mW"}, "per_core_w": None},
    "timestep": {"mode": "clocked", "duration": {**FIGURE, "unit": "us"}},
    "weights": {
        "bits": 4,
        "signed": True,
        "stochastic_rounding": None,
        "endurance": {**FIGURE, "unit": "writes"},
        "sources": ["book"],
        "confidence": "high",
    },
    "learning": {
        "rule": "none",
        "trace_bits": None,
        "sources": ["book"],
        "confidence": "high",
    },
    "limits": {"cores": 4, "fan_in": 256, "sources": ["book"], "confidence": "low"},
    "sources": {"book": "A. Author, A Book, 2020."},
}


def load(folder: Path, data: object) -> ChipProfile:
    path = folder / "mine.yaml"
    path.write_text(write_yaml(data), encoding="utf-8")
    return load_profile(str(path))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    change(data)
    return data


def put(place: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = place.split("/")
        for parent in parents:
            data = data[parent]
        data[last] = value

    return change


def drop(place: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = place.split("/")
        for parent in parents:
            data = data[parent]
        del data[last]

    return change


def both(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for each in changes:
            each(data)

    return change


PUBLISHED: dict[str, Any] = {
    "value": 2,
    "unit": "pJ",
    "definition": "measured",
    "sources": ["book"],
    "confidence": "medium",
}


def published(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return put("energy/spike", {**FIGURE, "published": [{**PUBLISHED, **changes}]})


def drop_published(key: str) -> Callable[[dict[str, Any]], None]:
    item = {name: value for name, value in PUBLISHED.items() if name != key}
    return put("energy/spike", {**FIGURE, "published": [item]})


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


SYNAPTIC = "energy/synaptic_operation"
WRONG = {
    "low above typical": (put(f"{SYNAPTIC}/low", 3), ("synaptic_operation.typical", "between")),
    "typical above high": (put(f"{SYNAPTIC}/typical", 5), ("synaptic_operation.typical", "5")),
    "zero": (put(f"{SYNAPTIC}/low", 0), ("synaptic_operation.low", "above 0")),
    "negative": (put("energy/spike/low", -1), ("energy.spike.low", "above 0", "-1")),
    "infinite": (put("energy/spike/high", float("inf")), ("energy.spike.high", "finite")),
    "not a number": (put("energy/spike/high", "lots"), ("energy.spike.high", "lots")),
    "unit of another dimension": (put("energy/spike/unit", "mW"), ("energy.spike.unit", "pJ")),
    "energy as power": (put("power/static_w/unit", "pJ"), ("power.static_w.unit", "mW")),
    "unknown source": (
        put("energy/spike/sources", ["bok"]),
        ("energy.spike.sources", "'bok' is not", "did you mean 'book'?"),
    ),
    "no source": (put("energy/spike/sources", []), ("energy.spike.sources", "one or more")),
    "source as one text": (put("energy/spike/sources", "book"), ("energy.spike.sources", "list")),
    "source left out": (
        drop("energy/spike/sources"),
        ("energy.spike.sources", "required and missing"),
    ),
    "confidence": (put("energy/spike/confidence", "sure"), ("energy.spike.confidence", "medium")),
    "figure left out": (drop("energy/hop"), ("energy.hop", "explicit null", "got nothing")),
    "power left out": (drop("power/per_core_w"), ("power.per_core_w", "explicit null")),
    "includes left out": (drop(f"{SYNAPTIC}/includes"), ("synaptic_operation.includes",)),
    "includes empty": (put(f"{SYNAPTIC}/includes", []), ("synaptic_operation.includes",)),
    "includes blank": (put(f"{SYNAPTIC}/includes", [" "]), ("synaptic_operation.includes",)),
    "includes elsewhere": (put("energy/spike/includes", ["x"]), ("spike.includes", "not a known")),
    "unknown event": (put("energy/spikes", None), ("energy.spikes", "did you mean 'spike'?")),
    "unknown key": (put("tytle", "x"), ("tytle", "did you mean 'title'?")),
    "unknown limit": (put("limits/core", 4), ("limits.core", "did you mean 'cores'?")),
    "limit of zero": (put("limits/cores", 0), ("limits.cores", "at least 1")),
    "limits without source": (drop("limits/sources"), ("limits.sources",)),
    "weights without confidence": (drop("weights/confidence"), ("weights.confidence",)),
    "unknown kind": (put("kind", "quantum"), ("kind", "mixed signal")),
    "included in itself": (
        put("energy/spike", {"included_in": "spike"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included in an unknown": (
        put("energy/spike", {"included_in": "trace_update"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included in a chain": (
        put("energy/spike", {"included_in": "weight_write"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included and priced": (
        put("energy/spike", {**FIGURE, "included_in": "rule_evaluation"}),
        ("energy.spike.low", "not a known key"),
    ),
    "synaptic operation included": (
        put(SYNAPTIC, {"included_in": "spike"}),
        ("energy.synaptic_operation", "a figure or null"),
    ),
    "static power included": (
        put("power/static_w", {"included_in": "spike"}),
        ("power.static_w", "a figure, null, or included in synaptic_operation"),
    ),
    "static power in an unknown": (
        both(put("power/static_w", {"included_in": "synaptic_operation"}), put(SYNAPTIC, None)),
        ("power.static_w", "with a figure there"),
    ),
    "power per core in a chain": (
        both(
            put("power/static_w", {"included_in": "synaptic_operation"}),
            put("power/per_core_w", {"included_in": "static_w"}),
        ),
        ("power.per_core_w", "with a figure there"),
    ),
    "event in an unknown static power": (
        both(put("power/static_w", None), put("energy/spike", {"included_in": "static_w"})),
        ("energy.spike", "included in an event with a figure"),
    ),
    "idle above active": (
        put("energy/neuron_update_idle", {**FIGURE, "unit": "nJ", "high": 5}),
        ("energy.neuron_update_idle", "at most neuron_update"),
    ),
    "idle without active": (
        both(put("energy/neuron_update", None), put("energy/neuron_update_idle", FIGURE)),
        ("energy.neuron_update_idle", "null unless neuron_update"),
    ),
    "idle included": (
        put("energy/neuron_update_idle", {"included_in": "spike"}),
        ("energy.neuron_update_idle", "null unless neuron_update"),
    ),
    "published outside the interval": (
        published(value=5),
        ("energy.spike.published[0].value", "set aside", "widen the interval"),
    ),
    "published inside but set aside": (
        published(set_aside="no reason"),
        ("energy.spike.published[0].set_aside", "left out"),
    ),
    "published of another dimension": (
        published(unit="mW"),
        ("energy.spike.published[0].unit", "pJ"),
    ),
    "published without a definition": (
        drop_published("definition"),
        ("energy.spike.published[0].definition", "required"),
    ),
    "published from nowhere": (
        published(sources=["bok"]),
        ("energy.spike.published[0].sources", "did you mean 'book'?"),
    ),
    "published with an unknown key": (
        published(not_e="x"),
        ("energy.spike.published[0].not_e", "not a known key"),
    ),
    "published is no list": (
        put("energy/spike/published", {"value": 1}),
        ("energy.spike.published", "list"),
    ),
    "endurance in joules": (
        put("weights/endurance/unit", "pJ"),
        ("weights.endurance.unit", "writes"),
    ),
    "endurance left out": (drop("weights/endurance"), ("weights.endurance", "explicit null")),
    "power per core in an event": (
        put("power/per_core_w", {"included_in": "spike"}),
        ("power.per_core_w", "static_w"),
    ),
    "energy is a list": (put("energy", []), ("energy", "mapping")),
    "missing title": (drop("title"), (": title", "required")),
    "missing section": (drop("weights"), (": weights", "required")),
    "missing low": (drop("energy/spike/low"), ("energy.spike.low", "required")),
    "missing unit": (drop("energy/spike/unit"), ("energy.spike.unit", "required")),
    "missing mode": (drop("timestep/mode"), ("timestep.mode",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, case: str) -> None:
    change, expected = WRONG[case]
    with pytest.raises(ConfigError) as error:
        load(tmp_path, changed(change))
    for text in ("mine.yaml", *expected):
        assert text in str(error.value)


def test_unknown_synaptic_operation_needs_no_includes(tmp_path: Path) -> None:
    chip = load(tmp_path, changed(put(SYNAPTIC, None)))
    assert chip.energy["synaptic_operation"] is None
    assert chip.includes == ()


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_profile(str(tmp_path / "absent.yaml"))


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

"""Whatever stands in a description, reading it gives an object or a ConfigError that says where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.neurons.registry import read_neuron
from eqspike.memory import read_memory
from eqspike.rules import EqSpike
from eqspike.tasks.encoders import Encoder

READERS: dict[str, tuple[Callable[[Section], Any], dict[str, Any]]] = {
    "sigma-delta": (
        read_neuron,
        {
            "kind": "sigma-delta",
            "synaptic_filter": 0.5,
            "relaxation": 1,
            "initial_potential": 0.0,
        },
    ),
    "current-based": (
        read_neuron,
        {"kind": "current-based", "current_decay": 0, "voltage_decay": 1.0, "threshold": 2},
    ),
    "encoder": (Encoder.read, {"kind": "poisson", "max_rate": 0.5, "onset": "spread"}),
    "memory": (
        lambda section: read_memory(section, 2),
        {"kind": "fixed", "bits": 4, "ranges": [1, 0.5], "rounding": "floor"},
    ),
    "rule": (
        EqSpike.read,
        {
            "free_steps": 20,
            "nudged_steps": 10,
            "readout_steps": 5,
            "beta": 0.3,
            "beta_sign": "positive",
            "tau_fast": 5,
            "tau_slow": 12.5,
            "target_rate": 1,
            "update": "online",
        },
    ),
}
KEYS = [(name, key) for name, (_, valid) in READERS.items() for key in valid]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(16**3000), float("inf"), float("-inf"), float("nan")])
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=3)
    | st.dates()
    | st.sampled_from(sorted({key for _, key in KEYS}))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(scalars.filter(lambda key: key == key), inner, max_size=4)
    ),
    max_leaves=8,
)


def refusal_of(action: Callable[[], Any]) -> ConfigError | None:
    """The ConfigError an action ends in, if any."""
    try:
        action()
    except ConfigError as error:
        return error
    return None


def read_or_refuse(name: str, data: Any) -> ConfigError | None:
    """Read `data`; the error if it is refused."""
    refusal = refusal_of(lambda: READERS[name][0](Section(data, "mine.yaml", "part")))
    assert refusal is None or str(refusal).startswith("mine.yaml: part")
    return refusal


@pytest.mark.parametrize("name", READERS)
def test_valid_descriptions_are_read(name: str) -> None:
    """The descriptions altered below are right."""
    assert read_or_refuse(name, READERS[name][1]) is None


@given(name=st.sampled_from(sorted(READERS)), data=values)
def test_any_data_are_read_or_refused(name: str, data: Any) -> None:
    """Never another error."""
    read_or_refuse(name, data)


@given(place=st.sampled_from(KEYS), value=values)
def test_any_value_is_read_or_refused_by_its_key(place: tuple[str, str], value: Any) -> None:
    """In an otherwise right description the message names the key that is wrong."""
    name, key = place
    error = read_or_refuse(name, {**READERS[name][1], key: value})
    # Another choice of `kind` makes other keys unknown; two time constants depend on each other.
    if error and key not in ("kind", "tau_fast", "free_steps"):
        assert f"part.{key}" in str(error)


@given(name=st.sampled_from(sorted(READERS)), key=st.text(max_size=12), value=values)
def test_a_key_too_many_is_refused(name: str, key: str, value: Any) -> None:
    """By name, whatever its value."""
    valid = READERS[name][1]
    if key not in valid:
        error = read_or_refuse(name, {**valid, key: value})
        assert f"part.{key} is not a known key" in str(error)


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_a_missing_key_has_a_default_or_is_named(name: str, key: str) -> None:
    """Keys that are there, read or not, are never blamed."""
    data = {given: value for given, value in READERS[name][1].items() if given != key}
    error = read_or_refuse(name, data)
    assert error is None or str(error) == f"mine.yaml: part.{key} is required and missing; add it"


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_a_misspelt_key_is_named_with_its_right_name(name: str, key: str) -> None:
    """Whether the right one is required or has a default."""
    wrong = key[:-1] + key[-1] * 2
    valid = READERS[name][1]
    error = read_or_refuse(
        name, {wrong if given == key else given: valid[given] for given in valid}
    )
    assert f"did you mean '{key}'?" in str(error)
    assert wrong in str(error)


@given(text=st.text(alphabet="ab: -[]{}&*!#|>'\"%@`,?\n01.eE<=~", max_size=30) | values.map(repr))
def test_any_text_is_yaml_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """A file is parsed or refused by name, never with another error."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    refusal = refusal_of(lambda: library.load_yaml(path))
    assert refusal is None or str(refusal).startswith(f"{path}:")


@given(
    data=st.dictionaries(
        st.text(alphabet="abc_", min_size=1, max_size=6),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc", max_size=5),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=4,
        ),
    )
)
def test_json_is_read_as_it_stands(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """JSON is YAML: what was written is read back."""
    path: Path = tmp_path_factory.getbasetemp() / "json.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert library.load_yaml(path) == data

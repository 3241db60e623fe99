"""Messages of the strict reader: where, the rule, the value received, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError, EqspikeError

Read = Callable[[Section], Any]


def section(**data: Any) -> Section:
    return Section(data, "mine.yaml", "rule")


WRONG: dict[str, tuple[dict[str, Any], Read, str]] = {
    "not a mapping": (
        {"part": [1]},
        lambda s: s.section("part"),
        "mine.yaml: rule.part must be a mapping of names to values, got [1]",
    ),
    "keys that are no text": (
        {"part": {1: 2}},
        lambda s: s.section("part"),
        "mine.yaml: rule.part must be a mapping of names to values, got {1: 2}",
    ),
    "above the range": (
        {"beta": 2.5},
        lambda s: s.number("beta", above=0, high=1),
        "mine.yaml: rule.beta must be a finite number above 0 and at most 1, got 2.5",
    ),
    "at an open end": (
        {"beta": 0},
        lambda s: s.number("beta", above=0),
        "mine.yaml: rule.beta must be a finite number above 0, got 0",
    ),
    "infinite": (
        {"beta": float("inf")},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta must be a finite number, got inf",
    ),
    "a flag for a number": (
        {"beta": True},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta must be a finite number, got True",
    ),
    "a number YAML reads as a text": (
        {"beta": "1e-3"},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta must be a finite number, got '1e-3'; "
        "this is a text; write the number without quotation marks",
    ),
    "a list without brackets": (
        {"rates": "1e-2,1e-3"},
        lambda s: s.numbers("rates", length=2),
        "mine.yaml: rule.rates must be a list of 2 numbers, got '1e-2,1e-3'; "
        "write a list in brackets, with commas between the numbers, such as [1e-2, 1e-3]",
    ),
    "a list without commas": (
        {"sizes": ["64 10"]},
        lambda s: s.integers("sizes", low=1, high=99),
        "mine.yaml: rule.sizes must be a list of one or more whole numbers at least 1 and at most 99, "
        "got ['64 10']; write a list in brackets, with commas between the numbers, such as [64, 10]",
    ),
    "a whole number in quotation marks": (
        {"steps": "10"},
        lambda s: s.integer("steps", low=1),
        "mine.yaml: rule.steps must be a whole number at least 1, got '10'; "
        "this is a text; write the number without quotation marks",
    ),
    "two numbers for one": (
        {"beta": "0.1, 0.2"},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta must be a finite number, got '0.1, 0.2'",
    ),
    "a text for a number": (
        {"beta": "much"},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta must be a finite number, got 'much'",
    ),
    "a fraction for a whole number": (
        {"steps": 2.0},
        lambda s: s.integer("steps", low=1),
        "mine.yaml: rule.steps must be a whole number at least 1, got 2.0",
    ),
    "a number no float can hold": (
        {"steps": 10**400},
        lambda s: s.number("steps"),
        "mine.yaml: rule.steps must be a finite number, got 1" + "0" * 27 + "..." + "0" * 29,
    ),
    "a number too long to print": (
        {"steps": 16**5000},
        lambda s: s.integer("steps"),
        "mine.yaml: rule.steps must be a whole number, got a number too long to print",
    ),
    "a text for a flag": (
        {"online": "yes"},
        lambda s: s.flag("online"),
        "mine.yaml: rule.online must be true or false, got 'yes'",
    ),
    "a number for a text": (
        {"title": 3},
        lambda s: s.text("title"),
        "mine.yaml: rule.title must be a text, got 3",
    ),
    "an unknown choice": (
        {"kind": "fixd"},
        lambda s: s.choice("kind", ("ideal", "fixed")),
        "mine.yaml: rule.kind must be one of ideal, fixed, got 'fixd'; did you mean 'fixed'?",
    ),
    "a choice that is a list": (
        {"kind": ["ideal"]},
        lambda s: s.choice("kind", ("ideal", "fixed")),
        "mine.yaml: rule.kind must be one of ideal, fixed, got ['ideal']",
    ),
    "a list of another length": (
        {"ranges": [1.0]},
        lambda s: s.numbers("ranges", length=2, low=0),
        "mine.yaml: rule.ranges must be a list of 2 numbers at least 0, got [1.0]",
    ),
    "a list with a text": (
        {"ranges": [1, "2"]},
        lambda s: s.numbers("ranges"),
        "mine.yaml: rule.ranges must be a list of numbers, got [1, '2']; "
        "'2' is a text; write the number without quotation marks",
    ),
    "a mapping for a list": (
        {"mirrors": {}},
        lambda s: s.sections("mirrors"),
        "mine.yaml: rule.mirrors must be a list of mappings, got {}",
    ),
    "a wrong item of a list": (
        {"mirrors": [{}, 3]},
        lambda s: s.sections("mirrors"),
        "mine.yaml: rule.mirrors[1] must be a mapping of names to values, got 3",
    ),
    "a missing key": (
        {},
        lambda s: s.number("beta"),
        "mine.yaml: rule.beta is required and missing; add it",
    ),
    "a key nobody asked for": (
        {"beta": 1, "gamma": 2},
        lambda s: (s.number("beta"), s.close()),
        "mine.yaml: rule.gamma is not a known key; valid keys: beta",
    ),
    "a misspelt key with a default": (
        {"bta": 1},
        lambda s: (s.number("beta", 0.5), s.close()),
        "mine.yaml: rule.bta is not a known key; did you mean 'beta'?",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_messages(case: str) -> None:
    """Every refusal is a ConfigError with the whole story in one line."""
    data, read, message = WRONG[case]
    with pytest.raises(ConfigError) as error:
        read(section(**data))
    assert str(error.value) == message
    assert isinstance(error.value, EqspikeError)


def test_a_missing_key_does_not_blame_keys_read_later() -> None:
    """`nudged_steps` is right, only not read yet."""
    with pytest.raises(ConfigError) as error:
        section(nudged_steps=3).integer("free_steps")
    assert str(error.value) == "mine.yaml: rule.free_steps is required and missing; add it"


def test_a_misspelt_required_key_is_recognised() -> None:
    """Of the keys not read yet only a close one is taken for the missing one."""
    data = section(betta=0.3, nudged_steps=3, Free_steps=4)
    with pytest.raises(ConfigError) as error:
        data.number("beta")
    expected = "rule.beta is required and missing; 'betta' is given: did you mean 'beta'?"
    assert str(error.value) == f"mine.yaml: {expected}"
    with pytest.raises(ConfigError, match="'Free_steps' is given: did you mean 'free_steps'"):
        data.integer("free_steps")


def test_a_key_read_already_is_no_misspelling() -> None:
    """`bits` was understood, so the missing `bit` is just missing."""
    data = section(bits=3)
    assert data.integer("bits") == 3
    with pytest.raises(ConfigError, match=r"rule\.bit is required and missing; add it"):
        data.integer("bit")


def test_right_values_are_read() -> None:
    """With their types; defaults stand in for what is missing."""
    data = section(
        beta=1,
        steps=3,
        online=True,
        title="t",
        kind="b",
        ranges=[1, 2.5],
        part={"x": 1},
        parts=[{}],
    )
    assert isinstance(data.number("beta"), float)
    assert data.integer("steps", low=3, high=3) == 3
    assert data.flag("online") is True
    assert data.text("title") == "t"
    assert data.choice("kind", ("a", "b")) == "b"
    assert data.numbers("ranges", length=2) == (1.0, 2.5)
    assert data.section("part").integer("x") == 1
    assert len(data.sections("parts")) == 1
    assert data.number("absent", 0.5) == 0.5
    assert data.sections("absent", ()) == ()
    assert data.has("steps")
    assert not data.has("other")
    assert data.keys()[:2] == ("beta", "steps")
    data.close()

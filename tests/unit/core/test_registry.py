"""Registries: built-in and added parts by name, and the one style in which the rest is refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.origin import Origin, guarded, recording
from eqspike.core.registry import RATES, SPIKES, Registry, added, lacks_signal

MINE = Origin("mine.py", sha256=hashlib.sha256(b"mine").hexdigest())


def part(name: str, sends: str = SPIKES) -> type:
    """A class that reads its `size`."""

    class Part:
        """What it is.

        And more.
        """

        kind, signal = name, sends

        def __init__(self, size: int) -> None:
            self.size = size

        @classmethod
        def read(cls, section: Section) -> Any:
            return cls(section.integer("size"))

    return Part


BUILT_IN = {"leaky": part("leaky"), "smooth": part("smooth", RATES)}
NEURONS: Registry[type] = Registry(
    "neuron", "eqspike.tests", BUILT_IN, lacks_signal, members=("kind", "size")
)


def described(**data: Any) -> Section:
    return Section(data, "mine.yaml", "neuron")


def with_mine(table: object) -> Any:
    """The registry knows a plug-in's table."""
    return added({NEURONS.group: NEURONS.checked(table, "NEURONS", MINE)})


def test_a_name_leads_to_its_part() -> None:
    assert NEURONS.read(described(kind="leaky", size=3)).size == 3
    assert list(NEURONS) == ["leaky", "smooth"]
    assert NEURONS["leaky"] is BUILT_IN["leaky"]
    assert [(p.name, p.about, p.origin) for p in NEURONS.listed()] == [
        ("leaky", "What it is.", None), ("smooth", "What it is.", None),
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"neuron\.depth is not a known key"):
        NEURONS.read(described(kind="leaky", size=3, depth=1))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "leeky"}, "neuron.kind must be one of leaky, smooth, got 'leeky'; did you mean 'leaky'?"),
        ({"kind": "qqq"}, "got 'qqq'; one of your own needs its file: --plugin FILE.py"),
        ({"kind": ["leaky"]}, "must be one of leaky, smooth, got ['leaky']"),
        ({}, "neuron.kind is required and missing"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        NEURONS.read(described(**data))
    assert said in str(caught.value)


def test_parts_for_other_signals_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        NEURONS.read(described(kind="smooth", size=1), signal=SPIKES)
    assert "must be one of leaky, got 'smooth'; 'smooth' is not for spikes" in str(caught.value)
    assert NEURONS.read(described(kind="smooth", size=1), signal=RATES).size == 1


def test_a_name_of_the_command_line_is_refused_in_the_same_style() -> None:
    table = {"fast": "f"}
    engines = Registry("engine", "eqspike.tests", table, lambda _: "", error=UnsupportedError)
    assert engines.named("fast").value == "f"
    with pytest.raises(UnsupportedError, match=r"one of fast, got 'fats'; did you mean 'fast'\?"):
        engines.named("fats")


def test_an_added_part_is_known_inside_and_only_there() -> None:
    mine = part("mine", RATES)
    with with_mine({"mine": mine}), recording() as used:
        assert isinstance(NEURONS.read(described(kind="mine", size=2)), mine)
        assert list(NEURONS) == ["leaky", "smooth", "mine"]
        with pytest.raises(ConfigError, match="one of leaky, got 'mine'"):
            NEURONS.read(described(kind="mine"), signal=SPIKES)
        NEURONS.read(described(kind="leaky", size=1))
    assert used == [MINE]
    with pytest.raises(ConfigError, match="got 'mine'"):
        NEURONS.read(described(kind="mine", size=2))


def test_a_broken_table_is_refused_by_file_and_name() -> None:
    silent = type("Silent", (), {"read": staticmethod(lambda section: None)})
    for table, said in (
        ({"leaky": part("leaky")}, "neuron 'leaky' is built in and cannot be replaced"),
        ([part("mine")], "NEURONS must be a dict"),
        ({"My Neuron": part("mine")}, "got 'My Neuron'"),
        ({"a:b": part("mine")}, "got 'a:b'"),
        ({3: part("mine")}, "got 3"),
        ({"mine": 3}, "NEURONS['mine'] must have a class with a static method `read(section)`, got 3"),
        ({"mine": silent}, "must have signal, one of spikes, rates"),
    ):  # fmt: skip
        with pytest.raises(ConfigError) as caught, with_mine(table):
            pass
        assert str(caught.value).startswith("mine.py: ")
        assert said in str(caught.value)


def test_two_files_cannot_add_one_name() -> None:
    other = Origin("other.py", sha256="0" * 64)
    with with_mine({"mine": part("mine")}):
        NEURONS.checked({"mine": part("mine")}, "NEURONS", MINE)
        with pytest.raises(ConfigError, match=r"other\.py: neuron 'mine' is added by mine\.py"):
            NEURONS.checked({"mine": part("mine")}, "NEURONS", other)


def test_errors_of_added_code_name_its_file() -> None:
    class Broken(part("broken")):  # type: ignore[misc]
        """Divides by nothing."""

        @classmethod
        def read(cls, section: Section) -> Any:
            return cls(1 // 0)

    with with_mine({"broken": Broken}), pytest.raises(ConfigError) as caught:
        NEURONS.read(described(kind="broken"))
    said = "mine.py: neuron 'broken' cannot read mine.yaml: neuron.kind: ZeroDivisionError"
    assert said in str(caught.value)


def test_what_an_added_part_reads_must_be_such_a_part() -> None:
    wrong = part("another-name")
    with with_mine({"mine": wrong}), pytest.raises(ConfigError, match="got kind 'another-name'"):
        NEURONS.read(described(kind="mine", size=1))
    nothing = type("Nothing", (), {"signal": SPIKES, "read": staticmethod(lambda section: 5)})
    with with_mine({"mine": nothing}), pytest.raises(ConfigError, match="got no kind, size"):
        NEURONS.read(described(kind="mine"))


def test_errors_of_built_in_code_are_left_alone() -> None:
    with pytest.raises(ZeroDivisionError), guarded(None, "reading"):
        raise ZeroDivisionError
    with pytest.raises(UnsupportedError), guarded(MINE, "reading"):
        raise UnsupportedError("no")


@pytest.mark.parametrize("origin", [MINE, Origin("more", version="1.2")])
def test_an_origin_is_read_as_it_was_written(origin: Origin) -> None:
    assert Origin.read(Section(origin.to_data(), "config.yaml")) == origin


def test_a_digest_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="sha256 must be a SHA-256"):
        Origin.read(Section({"file": "mine.py", "sha256": "12"}, "config.yaml"))

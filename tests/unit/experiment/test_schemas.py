"""Keys of descriptions, learnt from their readers: complete, explained, and no stricter than the readers."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from eqspike import library
from eqspike.cli import main
from eqspike.core.config import REQUIRED
from eqspike.core.errors import EqspikeError
from eqspike.core.survey import Survey, SurveyedSection
from eqspike.experiment.schemas import KINDS, json_schema, reference
from eqspike.experiment.schemas.exploring import Reading, example, explore
from eqspike.experiment.schemas.keys import ANY_NAME, Key, Keys, Tree, merged
from eqspike.experiment.schemas.kinds import kind_of
from eqspike.experiment.schemas.meanings import attributes

ROOM = {"model": 35, "task": 20, "chip": 30}
"""More keys than these were counted when this was written; far fewer would mean that readers are not asked."""


@cache
def readings(noun: str) -> tuple[Reading, ...]:
    return tuple(explore(kind_of(noun)))


@cache
def known(noun: str) -> Keys:
    return Tree(readings(noun)).keys()


def all_keys(keys: Keys) -> Iterator[Key]:
    for form in keys.forms:
        for key in form.keys:
            yield key
            if key.inner is not None:
                yield from all_keys(key.inner)


@pytest.mark.parametrize("noun", KINDS)
def test_every_key_is_found_and_explained(noun: str) -> None:
    found = list(all_keys(known(noun)))
    assert len({key.name for key in found}) > ROOM[noun]
    mute = {key.name for key in found if not key.about and key.name != "kind"}
    assert not mute, (
        f"explain {', '.join(sorted(mute))} where they are read: section.explain(KEY='what it is')"
    )


@pytest.mark.parametrize("noun", KINDS)
def test_the_library_and_whatever_readers_accept_fits_the_schema(noun: str) -> None:
    schema = json.loads(json.dumps(json_schema(noun, known(noun))))
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    for reading in readings(noun):
        if reading.made is not None:
            problem = next(judge.iter_errors(json.loads(json.dumps(reading.description))), None)
            assert problem is None, problem


@pytest.mark.parametrize(
    ("noun", "name", "change"),
    [
        ("model", "eqspike-digits", {"layer": [64, 32, 10]}),
        ("model", "eqspike-digits", {"rule": {"kind": "hebb"}}),
        ("model", "ep-512", {"training": {"epochs": "many"}}),
        ("task", "digits", {"classes": 1}),
        ("chip", "loihi1", {"energy": {}}),
        ("chip", "loihi1", {"kind": "toaster"}),
    ],
)
def test_what_readers_refuse_at_sight_schemas_refuse(noun: str, name: str, change: Any) -> None:
    description = {**library.load_yaml(library.find(f"{noun}s", name)), **change}
    assert not Draft202012Validator(json_schema(noun, known(noun))).is_valid(description)
    with pytest.raises(EqspikeError):
        kind_of(noun).read(SurveyedSection(copy.deepcopy(description), Survey()))


def test_the_reference_has_a_table_for_each_mapping() -> None:
    page = reference("model", known("model"))
    for heading in ("## `rule`: `eqspike`", "## `memory`: `fixed`", "### `memory.scale`"):
        assert f"\n{heading}\n" in page
    assert "| `tau_fast` | a number at least 1 and at most 10000 | `10.0` |" in page
    assert all(line.count(" | ") == 3 for line in page.splitlines() if line.startswith("| `"))


def test_bounds_that_depend_on_other_keys_are_none() -> None:
    asked = Survey()
    description = library.load_yaml(library.find("models", "eqspike-digits"))
    kind_of("model").read(SurveyedSection(copy.deepcopy(description), asked))
    readout = [q for q in asked.questions if q.key == "readout_steps"]
    assert readout[0].allowed.high == description["rule"]["free_steps"]
    keys = {key.name: key for key in all_keys(known("model"))}
    assert keys["readout_steps"].allowed[0].high is None
    assert keys["inertia_rates"].default is REQUIRED


def test_examples_are_allowed() -> None:
    for noun in KINDS:
        for key in all_keys(known(noun)):
            for allowed in key.allowed:
                value = example(allowed)
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    assert allowed.holds(value)
                assert merged([allowed, allowed]) == merged([allowed])


def test_docstrings_say_what_attributes_are() -> None:
    text = """A thing.

    Attributes:
        low, high: bounds, in
            joules; title: for people.
        kind: `a` or `b`.

    Raises:
        error: never.
    """
    assert attributes(text) == {
        "low": "bounds, in joules",
        "high": "bounds, in joules",
        "title": "for people",
        "kind": "`a` or `b`",
    }


def test_the_command_prints_one_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "task"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "eqspike task"
    assert ANY_NAME not in capsys.readouterr().out

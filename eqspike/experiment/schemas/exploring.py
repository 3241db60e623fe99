"""Every key that a reader knows, found by having it read: the library's descriptions, and small changes of them.

A description that is accepted shows the keys it was asked for. Each is then changed in one place: a choice takes
its other options, a key that was not given is given, one that was given is left out or made null. What is accepted
with keys not seen before is changed in turn, until nothing new is found.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.core.allowed import Allowed
from eqspike.core.config import Section
from eqspike.core.errors import EqspikeError
from eqspike.core.survey import UNSAID, Place, Question, Survey, SurveyedSection

Description = dict[str, Any]
Change = tuple[Place, str, object]

_LEFT_OUT = object()
_TRIES = 4
"""How often a change is tried, each time in another description, before it counts as refused."""


@dataclass(frozen=True)
class Kind:
    """A kind of description.

    Attributes:
        noun: `model`, `task` or `chip`.
        read: reads one from its section.
        seeds: descriptions to begin with.
        form: which form of the whole a description has, such as a task's `kind`.
    """

    noun: str
    read: Callable[[Section], object]
    seeds: tuple[Description, ...]
    form: Callable[[Description], str] = lambda description: ""


@dataclass(frozen=True)
class Reading:
    """What a reader asked of one description.

    Attributes:
        description: as it was read.
        made: what the reader made of it; None if it refused it.
        free: places of mappings whose keys are the user's own.
        explained: what the reader says that keys mean.
    """

    description: Description
    questions: tuple[Question, ...]
    mentioned: tuple[tuple[Place, str, Description], ...]
    made: object | None
    free: frozenset[Place]
    explained: Mapping[tuple[Place, str], str]


def explore(kind: Kind) -> Iterator[Reading]:
    """Readings of descriptions that between them show every key."""
    waiting = deque(copy.deepcopy(seed) for seed in kind.seeds)
    seen: set[tuple[Place, str]] = set()
    tried: Counter[Change] = Counter()
    while waiting:
        reading = _read(kind, waiting.popleft())
        yield reading
        if reading.made is None:
            continue
        seen.update((q.place, q.key) for q in reading.questions)
        for change, description in _changed(reading, tried):
            found = _read(kind, description, fill=change[2] not in (_LEFT_OUT, None))
            yield found
            if found.made is None:
                continue
            tried[change] = _TRIES
            if any((q.place, q.key) not in seen for q in found.questions):
                waiting.append(found.description)


def _read(kind: Kind, description: Description, fill: bool = False) -> Reading:
    """What the reader makes of a description; with `fill`, missing values are made up and become part of it."""
    survey = Survey(root=kind.form(description), fill=example if fill else None)
    made: object | None
    try:
        made = kind.read(SurveyedSection(description, survey))
    except EqspikeError:
        made = None
    _drop_unsaid(description)
    return Reading(
        description, tuple(survey.questions), tuple(survey.mentioned), made,
        frozenset(survey.free), survey.explained,
    )  # fmt: skip


def _drop_unsaid(description: Description) -> None:
    """Take out what a reader looked for but did not ask."""
    for key, value in list(description.items()):
        if value is UNSAID:
            del description[key]
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, dict):
                _drop_unsaid(each)


def _changed(reading: Reading, tried: Counter[Change]) -> Iterator[tuple[Change, Description]]:
    """The description with one value changed, for each change that was not accepted before."""
    for place, key, mapping, values in _wanted(reading):
        for value in values:
            change = (place, key, repr(value) if isinstance(value, dict) else value)
            if tried[change] >= _TRIES:
                continue
            tried[change] += 1
            copied: dict[int, Any] = {id(UNSAID): UNSAID}
            description = copy.deepcopy(reading.description, copied)
            if id(mapping) in copied:  # else it is a reader's default
                _put(copied[id(mapping)], key, copy.deepcopy(value, {id(UNSAID): UNSAID}))
                yield change, description


def _wanted(reading: Reading) -> Iterator[tuple[Place, str, Description, Iterable[object]]]:
    for place, key, mapping in reading.mentioned:
        if key not in mapping:
            yield place, key, mapping, (UNSAID,)
    for q in reading.questions:
        if q.place in reading.free:
            continue
        if q.allowed.kind == "section" and not q.mapping.get(q.key):
            yield q.place, q.key, q.mapping, _beside(q)
        if not q.given and q.allowed.kind in ("section", "sections"):
            yield q.place, q.key, q.mapping, (UNSAID,)
        elif q.given:
            yield q.place, q.key, q.mapping, (_LEFT_OUT, None)
        if q.allowed.kind == "choice":
            yield q.place, q.key, q.mapping, q.allowed.options
        elif q.allowed.kind == "flag":
            yield q.place, q.key, q.mapping, (True, False)
        elif q.allowed.kind in ("number", "integer"):
            yield q.place, q.key, q.mapping, (example(q.allowed), *_doubled(q))


def _beside(question: Question) -> list[object]:
    """Mappings beside one that is missing: it may be of their sort."""
    return [value for value in question.mapping.values() if isinstance(value, dict) and value]


def _doubled(question: Question) -> Iterator[object]:
    """Twice the number that stands there: bounds of other keys may move with it."""
    value = question.mapping.get(question.key, question.default)
    if isinstance(value, (int, float)):
        yield 2 * value


def _put(mapping: Description, key: str, value: object) -> None:
    if value is _LEFT_OUT:
        mapping.pop(key, None)
    else:
        mapping[key] = value


def example(allowed: Allowed) -> object:
    """Some value that is allowed."""
    if allowed.kind in ("number", "integer"):
        return _number(allowed)
    if allowed.kind == "shapes":
        return [4, 3, 2]
    if allowed.kind in ("numbers", "integers"):
        return [_number(allowed)] * (allowed.length or allowed.least or 2)
    made: dict[str, object] = {
        "flag": False,
        "text": "text",
        "texts": ["text"],
        "section": {},
        "sections": [{}],
    }
    return allowed.options[0] if allowed.options else made.get(allowed.kind, 1)


def _number(allowed: Allowed) -> float:
    if allowed.above is not None:
        high = allowed.high
        return allowed.above + 1 if high is None else (allowed.above + high) / 2
    return 1 if allowed.low is None else allowed.low

"""All keys of a kind of description, as a tree: what readers were seen to ask for, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from eqspike.core.allowed import Allowed
from eqspike.core.config import REQUIRED
from eqspike.core.survey import Place, Question
from eqspike.experiment.schemas.exploring import Reading
from eqspike.experiment.schemas.meanings import meaning

T = TypeVar("T")

VARIES = object()
"""In place of a default: it depends on other keys."""

ANY_NAME = "NAME"
"""In place of keys that are the user's own."""

_ENOUGH = 20
"""Readings whose results are looked at for the meaning of a key."""

_NESTED = ("section", "sections")


@dataclass(frozen=True)
class Key:
    """One key of a mapping.

    Attributes:
        allowed: values it takes, one entry for each kind of value.
        required: whether no accepted description was without it.
        null: whether `null` is accepted.
        default: what stands for a missing one, `core.config.REQUIRED` or `VARIES`.
        about: what it means.
        inner: of a mapping or a list of mappings, their keys.
    """

    name: str
    allowed: tuple[Allowed, ...]
    required: bool
    null: bool
    default: object
    about: str
    inner: Keys | None = None


@dataclass(frozen=True)
class Form:
    """The keys of mappings of some kinds.

    Attributes:
        kinds: values of `kind`, or names of forms; empty where all mappings have the same keys.
    """

    kinds: tuple[str, ...]
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Keys:
    """The keys of a mapping.

    Attributes:
        forms: one for each set of keys.
        free: whether keys are the user's own, beside these.
    """

    forms: tuple[Form, ...]
    free: bool = False


Asked = tuple[Question, Reading]


class Tree:
    """Puts readings together.

    Args:
        readings: of descriptions that between them show every key.
    """

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._asked: dict[Place, list[Asked]] = {}
        self._free: set[Place] = set()
        self._mappings: dict[Place, dict[int, dict[str, object]]] = {}
        for reading in readings:
            self._free |= reading.free
            if reading.made is not None:
                for place, _, mapping in reading.mentioned:
                    self._mappings.setdefault(place, {})[id(mapping)] = mapping
            for question in reading.questions:
                self._asked.setdefault(question.place, []).append((question, reading))

    def keys(self) -> Keys:
        """Keys of whole descriptions, with all below them."""
        return self._keys([place for place in self._asked if len(place) == 1])

    def _keys(self, places: Sequence[Place]) -> Keys:
        """Keys of mappings at places that differ in kinds alone.

        Where none was accepted, those of accepted ones under the same key, which the same reader reads.
        """
        if places and not any(map(self._accepted, places)):
            name = places[0][-1][0]
            alike = [p for p in self._asked if p[-1][0] == name and self._accepted(p)]
            places = alike or places
        by_kind: dict[str, list[Place]] = {}
        for place in places:
            by_kind.setdefault(self._kind(place), []).append(place)
        if len(by_kind) > 1:
            by_kind.pop("", None)
        forms = [Form((kind,), self._form(those)) for kind, those in by_kind.items()]
        if len({frozenset(key.name for key in form.keys) for form in forms}) == 1:
            forms = [Form((), self._form(places))]
        return Keys(tuple(forms), bool(self._free.intersection(places)))

    def _accepted(self, place: Place) -> bool:
        return any(reading.made is not None for _, reading in self._asked[place])

    def _kind(self, place: Place) -> str:
        """The kind of mappings at a place; where none is given, the default one."""
        defaults = (q.default for q, _ in self._asked[place] if q.key == "kind")
        return place[-1][1] or next((d for d in defaults if isinstance(d, str)), "")

    def _form(self, places: Sequence[Place]) -> tuple[Key, ...]:
        asked = [pair for place in places for pair in self._asked[place]]
        order = next((list(q.mapping) for q, reading in asked if reading.made is not None), [])
        by_key: dict[str, list[Asked]] = {key: [] for key in order}
        for pair in asked:
            by_key.setdefault(pair[0].key, []).append(pair)
        by_key = {key: those for key, those in by_key.items() if those}
        mappings = {id(q.mapping): q.mapping for q, r in asked if r.made is not None}
        for place in places:
            mappings.update(self._mappings.get(place, {}))
        accepted = list(mappings.values())
        if self._free.intersection(places):
            by_key = {ANY_NAME: asked}
        return tuple(self._key(name, these, places, accepted) for name, these in by_key.items())

    def _key(
        self, name: str, asked: Sequence[Asked], places: Sequence[Place],
        accepted: Sequence[dict[str, object]],
    ) -> Key:  # fmt: skip
        allowed = merged([*dict.fromkeys(question.allowed for question, _ in asked)])
        defaults = [question.default for question, _ in asked]
        deeper = [p for p in self._asked if p[:-1] in places and p and p[-1][0] == name]
        return Key(
            name,
            allowed,
            all(each is REQUIRED for each in defaults) and all(name in m for m in accepted),
            any(name in m and m[name] is None for m in accepted),
            defaults[0] if all(each == defaults[0] for each in defaults) else VARIES,
            _about(name, asked),
            self._keys(deeper) if any(each.kind in _NESTED for each in allowed) else None,
        )


def merged(allowed: Sequence[Allowed]) -> tuple[Allowed, ...]:
    """What any of several rules takes: one for each kind of value.

    A bound that is not the same in all depends on other keys, and is none; so do lengths of lists, always.
    """
    by_kind: dict[str, list[Allowed]] = {}
    for each in allowed:
        by_kind.setdefault(each.kind, []).append(each)
    return tuple(_common(those) for those in by_kind.values())


def _common(rules: Sequence[Allowed]) -> Allowed:
    meanings = {o: m for rule in rules for o, m in zip(rule.options, rule.meanings, strict=False)}
    options = tuple(dict.fromkeys(option for rule in rules for option in rule.options))
    return Allowed(
        rules[0].kind,
        _same([rule.low for rule in rules]),
        _same([rule.high for rule in rules]),
        _same([rule.above for rule in rules]),
        options,
        None,
        _same([rule.least for rule in rules]),
        tuple(meanings.get(option, "") for option in options),
    )


def _same(values: Sequence[T]) -> T | None:
    return values[0] if all(value == values[0] for value in values) else None


def _about(name: str, asked: Sequence[Asked]) -> str:
    """What the reader says of a key, else the class of what was made of it."""
    for question, reading in asked:
        if (question.place, question.key) in reading.explained:
            return reading.explained[question.place, question.key]
    for question, reading in asked[:_ENOUGH]:
        text = meaning(reading.made, tuple(key for key, _ in question.place[1:]), name)
        if text:
            return text
    return ""

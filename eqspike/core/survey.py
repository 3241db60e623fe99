"""What readers ask of a description: a section that answers as any other does, and notes every question.

Readers are the only statement of which keys there are. A survey is how others learn it from them: it hands a
reader a `SurveyedSection` and keeps the key, the values allowed and the default of everything that was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eqspike.core.allowed import Allowed
from eqspike.core.config import REQUIRED, Section

Place = tuple[tuple[str, str], ...]
"""Where a mapping stands: from the file down, the key it is under and its own `kind`, or an empty text."""

UNSAID = object()
"""In place of a value: the reader is to say what it takes, and gets that."""


@dataclass(frozen=True)
class Question:
    """One key that a reader asked for.

    Attributes:
        place: of the mapping.
        allowed: the values it takes.
        default: what stands for a missing one; `REQUIRED` if nothing does.
        given: whether the description had it.
        mapping: what it was asked of.
    """

    place: Place
    key: str
    allowed: Allowed
    default: object
    given: bool
    mapping: dict[str, Any]


@dataclass
class Survey:
    """Questions of one reading.

    Attributes:
        fill: gives what stands for `UNSAID`, and for a required value that is missing, instead of an error; it
            becomes part of the description. Keys that nobody asks for are then no error either.
        questions: all that were asked, in order.
        mentioned: keys that were looked for, with their mapping and place, and perhaps not asked for.
        root: the form of the whole description.
        explained: what readers say that keys mean.
        free: places of mappings whose keys are the user's own.
    """

    root: str = ""
    free: set[Place] = field(default_factory=set)
    explained: dict[tuple[Place, str], str] = field(default_factory=dict)
    fill: Callable[[Allowed], object] | None = None
    questions: list[Question] = field(default_factory=list)
    mentioned: list[tuple[Place, str, dict[str, Any]]] = field(default_factory=list)


class SurveyedSection(Section):
    """A section whose reader is surveyed."""

    def __init__(
        self, data: object, survey: Survey, source: str = "description", path: str = "",
        place: Place = (),
    ) -> None:  # fmt: skip
        super().__init__(data, source, path)
        self._filled = data if isinstance(data, dict) else {}
        self._survey = survey
        key = path.rpartition(".")[2].partition("[")[0]
        kind = self._data.get("kind") if path else survey.root
        form = kind if isinstance(kind, str) else ""
        self._place: Place = (*place, (key, form))

    def _take(self, key: str, default: object, allowed: Allowed) -> Any:
        given = key in self._data
        self._survey.questions.append(
            Question(self._place, key, allowed, default, given, self._filled)
        )
        unsaid = self._data[key] is UNSAID if given else default is REQUIRED
        if self._survey.fill is not None and unsaid:
            known = default is not REQUIRED and allowed.kind not in ("section", "sections")
            self._data[key] = default if known else self._survey.fill(allowed)
            self._filled[key] = self._data[key]
        return super()._take(key, default, allowed)

    def has(self, key: str) -> bool:
        """Whether the description gives `key`."""
        self._survey.mentioned.append((self._place, key, self._filled))
        return super().has(key)

    def explain(self, **texts: str) -> None:
        """Say what keys mean."""
        self._survey.explained.update({(self._place, key): text for key, text in texts.items()})

    def keys(self) -> tuple[str, ...]:
        """The keys the description gives, in order: the user's own, if a reader asks for them."""
        self._survey.free.add(self._place)
        return super().keys()

    def _inner(self, data: object, key: str, path: str) -> Section:
        del key
        return SurveyedSection(data, self._survey, self._source, path, self._place)

    def _refuse_unknown(self) -> None:
        if self._survey.fill is None:
            super()._refuse_unknown()
        for key in set(self._data) - self._known:
            self._filled.pop(key, None)

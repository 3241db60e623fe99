"""All that is wrong with a description, at once.

A reader stops at the first error. Here each key that it refuses is put right, by what the reader allows there, and
the description is read again, until it is accepted or an error has no place that could be put right.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.core.allowed import Allowed
from eqspike.core.config import REQUIRED, Section
from eqspike.core.errors import ConfigError, EqspikeError, KeyRefused
from eqspike.core.survey import Question, Survey, SurveyedSection
from eqspike.core.yaml_lines import line_of
from eqspike.experiment.schemas.borrowed import borrowed
from eqspike.experiment.schemas.exploring import example
from eqspike.experiment.schemas.findings import Finding
from eqspike.experiment.schemas.kinds import KINDS, reader_at

MOST = 50
"""Errors of one description that are listed."""


def noun_of(data: object, source: str) -> str:
    """Whether a description is of a model, a task or a chip.

    Raises:
        ConfigError: if its keys do not tell.
    """
    keys = set(data) if isinstance(data, dict) else set()
    signs = {
        "model": {"training", "learner", "rule"},
        "chip": {"energy"},
        "task": {"licence", "data"},
    }
    for noun, some in signs.items():
        if keys & some:
            return noun
    if data is None:
        raise ConfigError(
            f"{source}: nothing is written there; begin with: eqspike new {'|'.join(KINDS)} NAME"
        )
    options = [f"--as {kind}" for kind in KINDS]
    raise ConfigError(
        f"{source}: it cannot be told whether this is a {', '.join(KINDS[:-1])} or {KINDS[-1]}; "
        f"say so with {', '.join(options[:-1])} or {options[-1]}"
    )


def check_description(path: Path, noun: str | None = None) -> tuple[str, tuple[Finding, ...]]:
    """Everything that is wrong with a file.

    Args:
        noun: `model`, `task` or `chip`; by default what the keys say.

    Returns:
        The kind of description, and its errors in the order of lines; none if it is valid.

    Raises:
        ConfigError: if it is no YAML at all, or its kind cannot be told.
    """
    data, text = library.load_yaml(path), path.read_text(encoding="utf-8")
    noun = noun if noun and data is not None else noun_of(data, str(path))
    found: list[Finding] = []
    for error in _errors(data, reader_at(noun, path), str(path)):
        line = None
        if isinstance(error, KeyRefused):
            line = line_of(text, error.path, error.instead or error.key)
        found.append(Finding(line, str(error).removeprefix(f"{path}: ")))
    return noun, tuple(sorted(found, key=lambda each: each.line or 0))


def notices(path: Path) -> tuple[Finding, ...]:
    """What is no error in a file that can be read, and yet to be known: figures that are not the chip's own."""
    return borrowed(library.load_yaml(path), path.read_text(encoding="utf-8"))


def _errors(data: Any, read: Callable[[Section], object], source: str) -> list[EqspikeError]:
    """What the reader refuses, one after the other, each mended before the next.

    Nothing is said of values that were put there by mending, nor of what holds them: what fits beside the others,
    only the user knows.
    """
    data = copy.deepcopy(data)
    errors: list[EqspikeError] = []
    mended: set[str] = set()
    while len(errors) < MOST:
        survey = Survey()
        try:
            read(SurveyedSection(data, survey, source))
            return errors
        except KeyRefused as error:
            place = ".".join(each for each in (error.path, error.key) if each)
            if place in mended:
                return errors
            if not any(_within(place, other) or _within(other, place) for other in mended):
                errors.append(error)
            mended.add(place)
            if not _mended(data, error, survey.questions):
                return errors
        except EqspikeError as error:
            return errors if mended else [error]
    return errors


def _within(place: str, other: str) -> bool:
    """Whether a place is inside another."""
    return place.startswith((f"{other}.", f"{other}["))


def _mended(data: Any, error: KeyRefused, questions: list[Question]) -> bool:
    """Whether the refused key could be put right: removed, renamed, or given a value that its reader allows."""
    mapping = _at(data, error.path)
    if mapping is None:
        return False
    if error.unknown:
        return mapping.pop(error.key, None) is not None
    if error.instead in mapping:
        mapping[error.key] = mapping.pop(error.instead)
        return True
    asked = next(
        (q for q in reversed(questions) if q.key == error.key and q.mapping is mapping), None
    )
    if asked is None:
        return mapping.pop(error.key, None) is not None
    if asked.default is not REQUIRED and error.key in mapping:
        del mapping[error.key]
        return True
    mapping[error.key] = _stand_in(asked.allowed, mapping.get(error.key))
    return True


def _stand_in(allowed: Allowed, given: object) -> object:
    """A value that is allowed: of a choice the one that was meant, of numbers one inside of the bounds."""
    if allowed.kind == "choice" and isinstance(given, str):
        close = difflib.get_close_matches(given, allowed.options, n=1, cutoff=0.0)
        return close[0] if close else allowed.options[0]
    if allowed.kind in ("number", "integer") and allowed.low is not None:
        inside = allowed.low + 1
        return inside if allowed.high is None or inside <= allowed.high else allowed.low
    return example(allowed)


def _at(data: Any, path: str) -> dict[str, Any] | None:
    """The mapping at a dotted path."""
    for step in path.replace("[", ".[").split(".") if path else ():
        try:
            data = data[int(step[1:-1])] if step.startswith("[") else data[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return data if isinstance(data, dict) else None

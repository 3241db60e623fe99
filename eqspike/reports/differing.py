"""Which settings of compared systems differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eqspike.reports import document as doc
from eqspike.reports.comparison import ComparedSystem

SETTINGS = "settings"
"""Key of a provenance under which the settings of a run stand, a flat mapping; see `experiment.estimating`."""

ABSENT = "–"


def differing_settings(systems: Sequence[ComparedSystem]) -> dict[str, tuple[Any, ...]]:
    """Values by setting, one for each system whose settings are known, where they are not all equal."""
    known = [system.provenance[SETTINGS] for system in _known(systems)]
    keys = dict.fromkeys(key for settings in known for key in settings)
    rows = {key: tuple(settings.get(key, ABSENT) for settings in known) for key in keys}
    return {key: row for key, row in rows.items() if any(_differ(row[0], each) for each in row[1:])}


def settings_parts(systems: Sequence[ComparedSystem]) -> Iterator[doc.Part]:
    """The table of settings that differ, and which systems do not tell theirs."""
    known, rows = _known(systems), differing_settings(systems)
    unknown = [system.label for system in systems if system not in known]
    if rows:
        columns = (doc.Column("setting"), *(doc.Column(system.label) for system in known))
        yield doc.Table(
            "Settings that differ; all others are equal",
            columns,
            tuple((key, *(_shown(value) for value in row)) for key, row in rows.items()),
            "wide",
        )
    elif len(known) > 1:
        yield doc.Paragraph(("All settings are equal.",))
    if unknown:
        yield doc.Paragraph((f"Settings are not given for {', '.join(unknown)}.",), "note")


def _known(systems: Sequence[ComparedSystem]) -> list[ComparedSystem]:
    return [each for each in systems if isinstance(each.provenance.get(SETTINGS), Mapping)]


def _differ(one: Any, other: Any) -> bool:
    return bool(one != other) or isinstance(one, bool) is not isinstance(other, bool)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

"""`eqspike list`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from eqspike import library
from eqspike.chips import coverage, load_profile
from eqspike.chips.coverage import COLUMNS
from eqspike.cli.printing import print_json, print_table
from eqspike.core.registry import BUILT_IN
from eqspike.experiment.plugins import TABLES
from eqspike.reports.catalogue import MARKS, SHORT
from eqspike.reports.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING


@dataclass(frozen=True)
class _Entry:
    """What is said of one name, and where it comes from."""

    about: str
    origin: str


def list_library(options: argparse.Namespace) -> int:
    """Names and titles of descriptions and of parts."""
    kinds = [options.kind] if options.kind else [*library.KINDS, "engines"]
    found = {kind: _entries(kind) for kind in kinds}
    known = _coverage() if kinds == ["chips"] else {}
    if options.json:
        texts = {kind: {n: e.about for n, e in entries.items()} for kind, entries in found.items()}
        added = {
            kind: {n: e.origin for n, e in entries.items() if e.origin != BUILT_IN}
            for kind, entries in found.items()
        }
        origins = {kind: names for kind, names in added.items() if names}
        more = {"coverage": known, "origins": origins}
        print_json(texts | {key: value for key, value in more.items() if value})
        return 0
    for index, (kind, entries) in enumerate(found.items()):
        if index:
            print()
        _print_entries(kind, entries)
    if known:
        _print_coverage(known)
    return 0


def _print_entries(kind: str, entries: dict[str, _Entry]) -> None:
    """A line each; where it comes from only if anything is not eqspike's own, or parts are asked for."""
    if kind in library.KINDS and all(entry.origin == BUILT_IN for entry in entries.values()):
        print_table((kind, ""), [(name, entry.about) for name, entry in entries.items()])
        return
    rows = [(name, entry.origin, entry.about) for name, entry in entries.items()]
    print_table((kind, "from", ""), rows)


def _coverage() -> dict[str, dict[str, str]]:
    """What the profile of each chip knows."""
    return {name: coverage(load_profile(name)) for name in library.names("chips")}


def _print_coverage(known: dict[str, dict[str, str]]) -> None:
    """Figures down, with their confidence; what they are for is in `docs/chips.md`."""
    print("\nknown figures and their confidence:\n")
    rows = [(name, *(MARKS[states[key]] for key in COLUMNS)) for name, states in known.items()]
    print_table(("chip", *(SHORT[key] for key in COLUMNS)), rows)
    marks = (f"{CONFIDENCE_MARKS[name]} {text}" for name, text in CONFIDENCE_MEANING.items())
    print(f"\n{'; '.join(marks)};\nin: part of another figure; –: unknown, not modelled")


def _entries(kind: str) -> dict[str, _Entry]:
    if kind not in library.KINDS:
        registry = TABLES[kind.upper().replace("-", "_")]
        return {
            part.name: _Entry(part.about, str(part.origin or BUILT_IN))
            for part in registry.listed()
        }
    entries = {}
    for name in library.names(kind):
        path = library.find(kind, name)
        data = library.load_yaml(path)
        title = str(data.get("title", "")) if isinstance(data, dict) else ""
        entries[name] = _Entry(title, str(library.origin(kind, name) or BUILT_IN))
    return entries

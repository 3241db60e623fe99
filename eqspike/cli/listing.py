"""`eqspike list`."""

from __future__ import annotations

import argparse

from eqspike import library
from eqspike.chips import coverage, load_profile
from eqspike.chips.coverage import COLUMNS
from eqspike.cli.printing import print_json, print_table
from eqspike.experiment import ENGINES
from eqspike.reports.catalogue import MARKS, SHORT
from eqspike.reports.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING


def list_library(options: argparse.Namespace) -> int:
    """Names and titles of models, tasks, chips and engines."""
    kinds = [options.kind] if options.kind else ["models", "tasks", "chips", "engines"]
    found = {kind: _entries(kind) for kind in kinds}
    known = _coverage() if kinds == ["chips"] else {}
    if options.json:
        print_json({**found, "coverage": known} if known else found)
        return 0
    for index, (kind, entries) in enumerate(found.items()):
        if index:
            print()
        print_table((kind, ""), [(name, title) for name, title in entries.items()])
    if known:
        _print_coverage(known)
    return 0


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


def _entries(kind: str) -> dict[str, str]:
    if kind == "engines":
        return {name: _first_line(name) for name in ENGINES}
    entries = {}
    for name in library.names(kind):
        data = library.load_yaml(library.find(kind, name))
        entries[name] = str(data.get("title", "")) if isinstance(data, dict) else ""
    return entries


def _first_line(engine: str) -> str:
    return {
        "fast": "compiled event-driven simulation on all cores (Numba)",
        "fast-int": "the same in Loihi's integers, for current-based neurons; "
        "also fast-int:lava, which learns with Lava's random numbers",
        "brian2": "reference simulation from equations with units (Brian2, float64); "
        "also brian2:cython, brian2:cpp_standalone[:THREADS], brian2:auto",
        "lava": "Loihi as Lava simulates it: stock processes, or one process for all (Lava); "
        "also lava:stock, lava:fused, lava:fused:floating_pt",
        "torch": "networks of rates, on the CPU or a GPU (PyTorch); also torch:cpu, torch:cuda",
    }.get(engine, "")

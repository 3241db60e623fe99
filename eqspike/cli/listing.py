"""`eqspike list`."""

from __future__ import annotations

import argparse

from eqspike import library
from eqspike.cli.printing import print_json, print_table
from eqspike.experiment import ENGINES


def list_library(options: argparse.Namespace) -> int:
    """Names and titles of models, tasks, chips and engines."""
    kinds = [options.kind] if options.kind else ["models", "tasks", "chips", "engines"]
    found = {kind: _entries(kind) for kind in kinds}
    if options.json:
        print_json(found)
        return 0
    for index, (kind, entries) in enumerate(found.items()):
        if index:
            print()
        print_table((kind, ""), [(name, title) for name, title in entries.items()])
    return 0


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
        "fast-int": "the same in Loihi's integers, for current-based neurons",
        "brian2": "reference simulation from equations with units (Brian2, float64); "
        "also brian2:cython, brian2:cpp_standalone[:THREADS], brian2:auto",
        "lava": "Loihi as Lava simulates it: stock processes, or one process for all (Lava); "
        "also lava:stock, lava:fused, lava:fused:floating_pt",
        "torch": "networks of rates, on the CPU or a GPU (PyTorch); also torch:cpu, torch:cuda",
    }.get(engine, "")

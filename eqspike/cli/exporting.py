"""`eqspike export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json
from eqspike.experiment.exporting import export_brian2


def export(options: argparse.Namespace) -> int:
    """Write a run in the form of another tool."""
    out = Path(options.out) if options.out else None
    files = export_brian2(Path(options.run), out, options.sample)
    if options.json:
        print_json({"format": options.format, "files": [str(path) for path in files]})
        return 0
    for path in files:
        print(path)
    return 0

"""`eqspike plot`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json
from eqspike.cli.stdp import stdp
from eqspike.experiment.drawing import draw_run


def plot(options: argparse.Namespace) -> int:
    """Draw the figures of a run, or the one that is named."""
    if options.figure == "stdp":
        return stdp(options)
    out = Path(options.out) if options.out else None
    paths = draw_run(Path(options.run), out, options.sample)
    if options.json:
        print_json({"figures": [str(path) for path in paths]})
        return 0
    for path in paths:
        print(path)
    return 0

"""`eqspike plot`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.analysis.style import figures_as
from eqspike.cli.printing import print_json
from eqspike.cli.stdp import stdp
from eqspike.core.errors import ConfigError
from eqspike.experiment.drawing import draw_run, draw_runs


def plot(options: argparse.Namespace) -> int:
    """Draw the figures of a run, the one that is named, or the learning curves of several runs."""
    with figures_as(options.format):
        if options.runs[0] == "stdp" and len(options.runs) > 1:
            return stdp(options)
        return _plot(options)


def _plot(options: argparse.Namespace) -> int:
    runs = [Path(run) for run in options.runs]
    out = Path(options.out) if options.out else None
    if len(runs) == 1:
        paths = draw_run(runs[0], out, options.sample)
    elif out is None:
        raise ConfigError("several runs in one figure need --out DIR")
    else:
        paths = draw_runs(runs, out)
    if options.json:
        print_json({"figures": [str(path) for path in paths]})
        return 0
    for path in paths:
        print(path)
    return 0

"""`eqspike plot stdp`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.analysis.stdp import LARGEST_LAG, Pairs
from eqspike.analysis.style import require_matplotlib
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable
from eqspike.experiment.stdp import Stdp, as_json, draw_stdp, measure_stdp
from eqspike.training import RunFolder

_PAIR_LAGS = (0, 1, 5, 10, 20)
_LAGS = (-10, -1, 0, 1, 10)


def stdp(options: argparse.Namespace) -> int:
    """Weight change against spike lag, of isolated pairs and in a run's network."""
    require_matplotlib()
    if len(options.runs) > 2:
        raise ConfigError(f"plot stdp draws one run, got {' '.join(options.runs[1:])}")
    run = Path(options.runs[1])
    check_writable(Path(options.out) if options.out else RunFolder.open(run).plots, "stdp.png")
    measured = measure_stdp(run, options.samples, options.engine)
    path = draw_stdp(measured, run, Path(options.out) if options.out else None)
    if options.json:
        print_json({"run": str(run), "figure": str(path), **as_json(measured)})
        return 0
    _print_pairs(measured)
    _print_in_situ(measured)
    message(f"the figure is {path}")
    return 0


def _print_pairs(measured: Stdp) -> None:
    print(
        f"{measured.title}\n\nWeight change by an isolated pair (1e-3, beta 1), by |lag| in steps:"
    )
    header = ("other spikes", *map(str, _PAIR_LAGS), "middle 80 % of single experiments, lag 20")
    print_table(header, [_pair_row(pairs) for pairs in measured.pairs])


def _pair_row(pairs: Pairs) -> tuple[str, ...]:
    at = LARGEST_LAG + 20
    name = f"{pairs.pattern} {pairs.rate:g}" if pairs.rate else pairs.pattern
    spread = f"{_milli(pairs.total.low[at])} to {_milli(pairs.total.high[at])}"
    return (name, *(_milli(pairs.own[LARGEST_LAG + lag]) for lag in _PAIR_LAGS), spread)


def _print_in_situ(measured: Stdp) -> None:
    beta = measured.system.rule.beta
    print(
        f"\nMean change per evaluation (1e-3, divided by beta, |beta| = {beta:g}) while "
        f"{measured.samples} samples are learnt,\nby lag to the nearest spike of the other neuron:"
    )
    header = (
        "coupling", "beta", *map(str, _LAGS), "evaluations", "have a lag", "explained", "symmetry",
    )  # fmt: skip
    rows = []
    for coupling, nudges in measured.in_situ.items():
        for nudge, seen in nudges.items():
            window = seen.window()
            share = window.events.sum() / max(seen.events, 1)
            means = (_milli(window.mean[LARGEST_LAG + lag]) for lag in _LAGS)
            rows.append(
                (coupling, nudge, *means, str(seen.events), f"{share:.0%}", f"{seen.explained:.2%}",
                 f"{window.symmetry:.2f}")
            )  # fmt: skip
    print_table(header, rows)
    print(
        f"have a lag: the other neuron spiked within {LARGEST_LAG} steps. explained: share of the variance of "
        "single changes\nthat their lag accounts for. symmetry: 1 if lags of both signs do the same, "
        "0 if they do the opposite."
    )


def _milli(value: float) -> str:
    return f"{1e3 * value:.2f}"

"""`eqspike evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json, print_table
from eqspike.core.activity import activity_json
from eqspike.core.counts import PhaseCounts
from eqspike.experiment.evaluating import Evaluation, evaluate_run


def evaluate(options: argparse.Namespace) -> int:
    """Accuracy, activity and event counts of a run."""
    result = evaluate_run(Path(options.run), engine=options.engine, limit=options.limit)
    if options.json:
        print_json(
            {
                result.metric: result.value,
                "samples": result.samples,
                "samples_per_second": result.samples_per_second,
                "rates": result.rates,
                "counts": result.counts.to_json(),
                "activity": activity_json(result.activity) if result.activity else None,
                "writes": {name: writes.to_json() for name, writes in result.writes.items()},
            }
        )
        return 0
    print(
        f"{result.metric} {result.value:.4f} on {result.samples} samples "
        f"({result.samples_per_second:.0f} samples/s)"
    )
    for name, phase in result.counts.phases.items():
        _print_phase(result, name, phase)
    if result.writes:
        print("\nwrites of a weight in all of training:")
        print_table(
            ("coupling", "mean", "99 of 100 at most", "largest"),
            [(n, f"{w.mean:.3f}", f"{w.p99}", f"{w.largest}") for n, w in result.writes.items()],
        )
    return 0


def _print_phase(result: Evaluation, title: str, phase: PhaseCounts) -> None:
    samples = result.samples
    print(f"\nper sample, phase {title}:")
    rows = [
        (
            name,
            f"{layer.spikes / samples:.1f}",
            f"{result.rates[name]:.4f}" if name in result.rates else "-",
        )
        for name, layer in phase.layers.items()
    ]
    if rows:
        print_table(("layer", "spikes", "rate per neuron and step"), rows)
        print()
    rows = [
        (
            name,
            f"{coupling.synaptic_operations / samples:.0f}",
            f"{coupling.effective_synaptic_operations / samples:.0f}",
        )
        for name, coupling in phase.couplings.items()
    ]
    print_table(("coupling", "synaptic operations", "effective"), rows)

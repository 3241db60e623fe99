"""`eqspike evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json, print_table
from eqspike.core.activity import activity_json
from eqspike.experiment.runs import evaluate_run


def evaluate(options: argparse.Namespace) -> int:
    """Accuracy, activity and event counts of a run."""
    result = evaluate_run(Path(options.run), engine=options.engine, limit=options.limit)
    if options.json:
        print_json(
            {
                "accuracy": result.accuracy,
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
        f"accuracy {result.accuracy:.4f} on {result.samples} samples "
        f"({result.samples_per_second:.0f} samples/s)"
    )
    phase = result.counts.phases["free"]
    samples = result.samples
    print("\nper sample, free phase:")
    rows = [
        (
            name,
            f"{layer.spikes / samples:.1f}",
            f"{result.rates[name]:.4f}" if name in result.rates else "-",
        )
        for name, layer in phase.layers.items()
    ]
    print_table(("layer", "spikes", "rate per neuron and step"), rows)
    rows = [
        (
            name,
            f"{coupling.synaptic_operations / samples:.0f}",
            f"{coupling.effective_synaptic_operations / samples:.0f}",
        )
        for name, coupling in phase.couplings.items()
    ]
    print()
    print_table(("coupling", "synaptic operations", "of non-zero weights"), rows)
    if result.writes:
        print("\nwrites of a weight in all of training:")
        print_table(
            ("coupling", "mean", "99 of 100 at most", "largest"),
            [(n, f"{w.mean:.3f}", f"{w.p99}", f"{w.largest}") for n, w in result.writes.items()],
        )
    return 0

"""`eqspike estimate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eqspike.cli.printing import print_json, print_table
from eqspike.energy import EnergyReport, report_json, write_report
from eqspike.energy.inputs import write_inputs
from eqspike.energy.text import joules
from eqspike.experiment.estimating import chip_names, estimate_run


def estimate(options: argparse.Namespace) -> int:
    """Energy report of a run."""
    chips = chip_names(tuple(options.chips))
    report = estimate_run(Path(options.run), chips)
    out = Path(options.out) if options.out else Path("energy_reports") / Path(options.run).name
    paths = write_report(report, out)
    write_inputs(report, chips, out)
    if options.json:
        found = report_json(report)["chips"]
        wanted = ("inference_j", "training_sample_j")
        print_json(
            {
                "chips": {n: {key: chip[key] for key in wanted} for n, chip in found.items()},
                "files": [str(path) for path in paths],
            }
        )
        return 0
    print_summary(report)
    print(f"\nreport: {paths[-1]}")
    return 0


def print_summary(report: EnergyReport) -> None:
    """One line per chip."""
    rows = []
    chips: dict[str, Any] = report_json(report)["chips"]
    for name, chip in chips.items():
        rows.append((name, _interval(chip["inference_j"]), _interval(chip["training_sample_j"])))
    print_table(("chip", "per inference (low - high)", "per training sample (low - high)"), rows)
    estimates = [chip[kind] for chip in chips.values() for kind in ("inference", "training")]
    if any(found and found["lower_bound"] for found in estimates):
        print("Lower bounds where a profile lacks figures: the report says what is not modelled.")


def _interval(interval: dict[str, float] | None) -> str:
    if interval is None:
        return "not modelled"
    low, typical, high = (joules(interval[key]) for key in ("low", "typical", "high"))
    return f"{typical} ({low} - {high})"

"""`eqspike estimate`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eqspike.chips.figures import EVENTS
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable
from eqspike.core.quantities import Interval
from eqspike.core.showing import shorten
from eqspike.energy import Conditions
from eqspike.energy.events import EVENT_OF
from eqspike.energy.text import percent, si, si_range
from eqspike.experiment.estimating import (
    chip_names,
    estimate_counts,
    estimate_run,
    write_estimate,
)
from eqspike.reports import EnergyReport, report_json
from eqspike.reports.contents import ChipEnergy, Priced
from eqspike.reports.sources import earlier_report

HEADER = (
    "chip",
    "per inference (low – high)",
    "per training sample (low – high)",
    "time per inference",
    "moves most (inference)",
)


def estimate(options: argparse.Namespace) -> int:
    """Energy report of a run, or of counts from elsewhere."""
    if (options.run is None) == (options.counts is None):
        raise ConfigError("estimate needs either a run folder or --counts FILE")
    chips = chip_names(tuple(options.chips) or ("all",))
    figures = figures_of(options.figures)
    source = Path(options.run or options.counts)
    name = source.name if options.run else source.stem
    out = Path(options.out) if options.out else Path("energy_reports") / name
    check_writable(out, "energy.json", "inputs.json")
    report = (estimate_run if options.run else estimate_counts)(
        source,
        chips,
        conditions=conditions_of(options),
        figures=figures,
        samples_per_second=options.samples_per_second,
    )
    say_replaced(out)
    paths = write_estimate(report, chips, out, figures)
    if options.json:
        found = report_json(report)["chips"]
        print_json(
            {
                "chips": {name: energies_json(chip) for name, chip in found.items()},
                "files": [str(path) for path in paths],
            }
        )
        return 0
    print_summary(report)
    print(f"\nreport: {paths[-1]}")
    return 0


def say_replaced(out: Path) -> None:
    """Say which earlier report in a folder is about to be replaced."""
    if earlier := earlier_report(out):
        message(f"{out}: replaces {earlier}")


def energies_json(chip: dict[str, Any]) -> dict[str, Any]:
    """Energies of one chip of a report's data, and which of them leave out events."""
    energies = ("inference_j", "training_sample_j", "training_run_j")
    bounds = {name: chip[name] and chip[name]["lower_bound"] for name in ("inference", "training")}
    return {**{key: chip[key] for key in energies}, "lower_bound": bounds}


def print_summary(report: EnergyReport) -> None:
    """One line per chip, references apart from chips."""
    chips = [entry for entry in report.chips if not entry.chip.reference]
    references = [entry for entry in report.chips if entry.chip.reference]
    if chips:
        print_table(HEADER, [_row(entry) for entry in chips])
    if references:
        print("\nreferences: arithmetic of processors at full use, no peers of the chips\n")
        print_table(HEADER, [_row(entry) for entry in references])
    _print_unmodelled(report)
    priced = [p for entry in report.chips for p in (entry.inference, entry.training) if p]
    if any(item.estimate.lower_bound for item in priced):
        print(
            "\n≥: lower bound, for the profile lacks figures; the report says what is not modelled."
        )


def _print_unmodelled(report: EnergyReport) -> None:
    """What to do about chips of which no energy is known."""
    missing = {
        entry.chip.name: priced.estimate.gaps[0]
        for entry in report.chips
        for priced in (entry.training, entry.inference)
        if priced and priced.estimate.per_sample is None and priced.estimate.gaps
    }
    if missing:
        chip, gap = next(iter(missing.items()))
        figure = EVENT_OF.get(gap.what, EVENTS[0])
        print(
            f"\nnot modelled: what happened has no figure in the profile of {', '.join(missing)}; give your own,\n"
            f"such as --figure {chip}.{figure}=5pJ ('eqspike list chips' shows what each profile knows)."
        )


def _row(entry: ChipEnergy) -> tuple[str, ...]:
    inference, training = entry.inference, entry.training
    latency = None if inference is None else inference.estimate.latency
    return (
        entry.chip.name,
        _energy(inference),
        _energy(training),
        "unknown" if latency is None else _span(latency, "s"),
        _most(inference),
    )


def _energy(priced: Priced | None) -> str:
    if priced is None:
        return "no counts"
    each = priced.estimate.per_sample
    return "not modelled" if each is None else _bound(priced) + _span(each, "J")


def _most(priced: Priced | None) -> str:
    """The figure whose own interval moves the typical total most, and by how much."""
    total = None if priced is None else priced.estimate.per_sample
    if priced is None or total is None or not priced.swings:
        return ""
    swing = priced.swings[0]
    return f"{swing.figure}, {percent(swing.change / total.typical)}"


def _bound(priced: Priced) -> str:
    return "≥ " if priced.estimate.lower_bound else ""


def _span(interval: Interval, unit: str) -> str:
    typical = si(interval.typical, unit)
    span = si_range(interval, unit)
    return typical if span == typical else f"{typical} ({span})"


def conditions_of(options: argparse.Namespace) -> Conditions:
    """Conditions from the options that `estimate` and `report compare` share.

    Raises:
        ConfigError: for a value that is no number or out of range.
    """
    hops = {layer: _number(layer, text) for layer, text in _pairs("--hops", options.hops)}
    return Conditions(options.step_time, options.cores, hops or None, options.active_share)


def _number(layer: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"--hops {layer}={text}: '{text}' is not a number") from None


def figures_of(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Figures by chip and name; the name follows the last dot, for a chip's name may have some.

    Raises:
        ConfigError: for a text of another form.
    """
    found: dict[str, dict[str, str]] = {}
    for place, amount in _pairs("--figure", texts):
        chip, dot, name = place.rpartition(".")
        if not dot:
            raise ConfigError(
                f"--figure {shorten(f'{place}={amount}')}: write it as CHIP.NAME=AMOUNT, such as loihi1.spike=2pJ"
            )
        found.setdefault(chip, {})[name] = amount
    return found


def _pairs(option: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise ConfigError(f"{option} {shorten(text)}: write it as NAME=VALUE")
        pairs.append((key, value))
    return pairs

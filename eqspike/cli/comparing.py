"""`eqspike report compare`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eqspike.cli.estimating import conditions_of, figures_of, say_replaced
from eqspike.cli.printing import print_json, print_table
from eqspike.core.files import check_writable
from eqspike.energy import Conditions
from eqspike.experiment.comparing import compare_systems, write_compared
from eqspike.experiment.estimating import chip_names
from eqspike.reports.comparison import SystemComparison
from eqspike.reports.comparison_document import (
    chip_panels,
    system_line,
)
from eqspike.reports.export import comparison_json
from eqspike.reports.ranges import RangeEntry


def compare(options: argparse.Namespace) -> int:
    """Compare systems on the same chips."""
    conditions = conditions_of(options)
    out = Path(options.out) if options.out else Path("energy_reports") / "comparison"
    check_writable(out, "comparison.json", "inputs.json")
    comparison, chips, figures = compare_systems(
        [Path(source) for source in options.sources],
        chip_names(tuple(options.chips)) if options.chips else (),
        conditions=None if conditions == Conditions() else conditions,
        figures=figures_of(options.figures),
    )
    say_replaced(out)
    paths = write_compared(comparison, chips, figures, out)
    if options.json:
        data = comparison_json(comparison)
        print_json({"systems": _short(data), "files": [str(path) for path in paths]})
        return 0
    print_comparison(comparison)
    print(f"\ncomparison: {paths[-1]}")
    return 0


def print_comparison(comparison: SystemComparison) -> None:
    """A line per system, then for each chip a line per system."""
    lines = [system_line(system) for system in comparison.systems]
    print_table(
        ("system", "accuracy", "weights", "operations per inference", "writes per training sample"),
        [(x.label, x.accuracy, x.memory, x.operations[0], x.writes) for x in lines],
    )
    for panel in chip_panels(comparison):
        print(f"\n{panel.chip.name}" + (", a reference" if panel.chip.reference else ""))
        rows = []
        for row in panel.rows:
            cells = {entry.quantity: entry for entry in row.entries}
            found = [cells.get(name) for name in ("inference", "training")]
            texts = [
                text
                for cell in found
                for text in (("", "") if cell is None else (_amount(cell), cell.ratio))
            ]
            rows.append((row.label, *texts))
        print_table(
            ("system", "per inference", "to first", "per training sample", "to first"), rows
        )
    if any(system.unpriced for system in comparison.systems):
        print("\nsystems without energies are not priced; the page says why.")


def _amount(entry: RangeEntry) -> str:
    amount = entry.amount
    return f"{amount.typical} ({amount.interval})" if amount.interval else amount.typical


def _short(data: dict[str, Any]) -> dict[str, Any]:
    """The systems without their provenance."""
    return {
        label: {key: value for key, value in system.items() if key != "provenance"}
        for label, system in data["systems"].items()
    }

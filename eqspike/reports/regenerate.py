"""Make every report of a folder anew from its stored inputs: `python -m eqspike.reports.regenerate FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from eqspike.core.errors import EqspikeError
from eqspike.reports.comparison_document import write_comparison
from eqspike.reports.inputs import (
    COMPARISON_SCHEMA,
    NAME,
    SCHEMA,
    read_comparison_inputs,
    read_inputs,
    read_object,
)
from eqspike.reports.report import write_report


def regenerate(folder: Path) -> list[Path]:
    """Rewrite the reports of all sub-folders that hold `inputs.json`; returns those sub-folders."""
    reports = sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    for report in reports:
        write_again(report, report)
    return reports


def write_again(folder: Path, target: Path) -> tuple[Path, ...]:
    """Write the report or comparison whose inputs are in `folder` into `target`; returns its files.

    Raises:
        ConfigError: for inputs that follow neither schema.
    """
    path = folder / NAME
    if read_object(path, (SCHEMA, COMPARISON_SCHEMA))["schema"] == COMPARISON_SCHEMA:
        return write_comparison(read_comparison_inputs(path), target)
    return write_report(read_inputs(folder), target)


def main(arguments: list[str]) -> int:
    """Entry point; exit status 2 on wrong use or input."""
    if len(arguments) != 1:
        print("usage: python -m eqspike.reports.regenerate FOLDER", file=sys.stderr)
        return 2
    try:
        for report in regenerate(Path(arguments[0])):
            print(report)
    except EqspikeError as error:
        print(f"eqspike: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

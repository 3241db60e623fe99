"""Make every report of a folder anew from its stored inputs: `python -m eqspike.energy.regenerate FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from eqspike.core.errors import EqspikeError
from eqspike.energy.inputs import NAME, read_inputs
from eqspike.energy.report import write_report


def regenerate(folder: Path) -> list[Path]:
    """Rewrite the reports of all sub-folders that hold `inputs.json`; returns those sub-folders."""
    reports = sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    for report in reports:
        write_report(read_inputs(report), report)
    return reports


def main(arguments: list[str]) -> int:
    """Entry point; exit status 2 on wrong use or input."""
    if len(arguments) != 1:
        print("usage: python -m eqspike.energy.regenerate FOLDER", file=sys.stderr)
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

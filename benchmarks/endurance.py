"""How long the weights of trained runs would last: writes counted for each weight, times the endurance of chips.

A row for each coupling of a run and each chip whose profile has an endurance: writes of a weight in all of
training (mean, of 99 in 100 at most, largest), and the training samples until the most written weight fails, as
low, typical and high; in brackets, how often the whole training could be repeated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike import library
from eqspike.chips import load_profile
from eqspike.energy import first_failure
from eqspike.training import RunFolder, cell_writes


def rows(run: Path) -> list[str]:
    """Table rows of one run."""
    folder = RunFolder.open(run)
    samples = folder.counts()[0].samples
    found = []
    for coupling, writes in cell_writes(folder.weights()).items():
        lasting = []
        for name in library.names("chips"):
            until = first_failure(writes.largest, samples, load_profile(name))
            if until is not None:
                low, typical, high = until.low, until.typical, until.high
                lasting.append(
                    f"{name} {low:.0e}, {typical:.0e}, {high:.0e} ({typical / samples:.0e})"
                )
        counted = f"{writes.mean:.3f} | {writes.p99} | {writes.largest}"
        found.append(f"| {run.name} | {coupling} | {counted} | {'; '.join(lasting)} |")
    return found


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    print(
        "| run | coupling | mean | 99 % at most | largest | samples until the first weight fails |"
    )
    print("|---|---|---|---|---|---|")
    for run in parser.parse_args().runs:
        print("\n".join(rows(run)))


if __name__ == "__main__":
    main()

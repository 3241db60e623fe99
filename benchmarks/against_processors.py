"""How far below a GPU? Counted events on chips beside what a processor needs for the same task.

    python benchmarks/against_processors.py --out docs/images/against-processors.png
    eqspike meter RUN --out gpu.json && python benchmarks/against_processors.py --metered gpu.json --out figure.png

Chips: the energy per inference of a report in `energy_reports/`. Processors: a bound from below, the number of
multiply-accumulates times the energy of one at the peak rate, for three ways to classify an image:

    dense steps    the spiking network, every synapse in every step of the free phase, as matrices compute it
    rates          EP's free phase with as many neurons, every synapse in each of `--rate-steps` steps
    one pass       a feedforward network of the same size

and whatever was metered, which is no bound. Reconstruction, not reproduction: the paper's method is not public.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.analysis.style import BLUE, GREEN, ORANGE, new_figure, save, styled
from eqspike.core.network import Network
from eqspike.energy.text import si
from eqspike.experiment.model import load_model
from eqspike.reports.inputs import load_chips

PROCESSORS = ("v100", "a100", "h100")
CHIP, BOUND, METERED = (BLUE, "o"), (ORANGE, "s"), (GREEN, "D")


@dataclass(frozen=True)
class Row:
    """One bar: joules per inference, and whether they are a bound from below."""

    name: str
    low: float
    typical: float
    high: float
    bound: bool
    look: tuple[str, str]


def chip_rows(report: Path) -> list[Row]:
    """Chips of a report that it prices, from the cheapest."""
    chips = json.loads(report.read_text())["chips"]
    rows = [
        Row(name, *_bounds(chip["inference_j"]), chip["inference"]["lower_bound"], CHIP)
        for name, chip in chips.items()
        if not chip["reference"] and chip["inference_j"] is not None
    ]
    return sorted(rows, key=lambda row: row.typical)


def bound_rows(network: Network, free_steps: int, rate_steps: int) -> list[Row]:
    """Processors at their peak rate, for each way to classify."""
    synapses = [coupling.shape[0] * coupling.shape[1] for coupling in network.couplings]
    # The input's drive of rates is constant, so it is computed once.
    back = sum(synapses[1:])
    ways = {
        f"dense steps, {free_steps}": free_steps * (sum(synapses) + back),
        f"rates, {rate_steps} steps": synapses[0] + rate_steps * 2 * back,
        "one pass": sum(synapses),
    }
    rows = []
    for way, operations in ways.items():
        for chip in load_chips(PROCESSORS, {}):
            figure = chip.energy["synaptic_operation"].interval
            assert figure is not None
            joules = (operations * bound for bound in (figure.low, figure.typical, figure.high))
            rows.append(Row(f"{chip.name.upper()}, {way}", *joules, True, BOUND))
    return rows


def metered_rows(files: list[Path]) -> list[Row]:
    """What machines were measured to take, gross and above idle being the ends of the bar."""
    rows = []
    for file in files:
        found = json.loads(file.read_text())
        for work in found["work"]:
            gross, above = work["joules_per_sample"], work["above_idle_per_sample"]
            if work["work"] == "inference" and gross is not None:
                name = f"{found['meters'][0]}, {found['model']}, batch {work['batch_size']}"
                rows.append(Row(name, max(above, 1e-12), gross, gross, False, METERED))
    return rows


def draw(rows: list[Row], title: str, path: Path) -> None:
    """Bars on a logarithmic axis; an arrow marks bounds from below."""
    with styled():
        from matplotlib.ticker import EngFormatter

        figure = new_figure(9.0, 0.32 * len(rows) + 1.6)
        axes = figure.subplots()
        for place, row in enumerate(rows):
            colour, marker = row.look
            spans = [[row.typical - row.low], [row.high - row.typical]]
            axes.errorbar(row.typical, -place, xerr=spans, color=colour, marker=marker, capsize=2)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(EngFormatter("J"))
        axes.set_yticks(
            [-place for place in range(len(rows))],
            [f"{row.name}{' (≥)' if row.bound else ''}" for row in rows],
        )
        for (colour, marker), label in (
            (CHIP, "chip, counted events"),
            (BOUND, "processor at its peak rate"),
            (METERED, "metered"),
        ):
            if any(row.look == (colour, marker) for row in rows):
                axes.plot([], [], color=colour, marker=marker, label=label)
        axes.legend(loc="upper right")
        axes.set(xlabel="energy per inference; (≥): a bound from below")
        axes.set_title(title, loc="left")
        save(figure, path)


def _bounds(interval: dict[str, Any]) -> tuple[float, float, float]:
    return interval["low"], interval["typical"], interval["high"]


def main() -> None:
    """Parse the command line, print the table, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="eqspike-100")
    parser.add_argument(
        "--report", type=Path, default=Path("energy_reports/eqspike-100-mnist-0/energy.json")
    )
    parser.add_argument("--rate-steps", type=int, default=30)
    parser.add_argument("--metered", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    system = load_model(arguments.model).spiking_system("the comparison")
    rows = [
        *chip_rows(arguments.report),
        *bound_rows(system.network, system.rule.free_steps, arguments.rate_steps),
        *metered_rows(arguments.metered),
    ]
    for row in rows:
        mark = "≥" if row.bound else " "
        print(
            f"{row.name:55} {mark} {si(row.typical, 'J'):>9} ({si(row.low, 'J')} – {si(row.high, 'J')})"
        )
    draw(rows, f"{arguments.model}: one image", arguments.out)


if __name__ == "__main__":
    main()

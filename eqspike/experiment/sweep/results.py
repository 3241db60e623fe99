"""What a sweep found: one table, and which points no other is better than."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.core.files import json_bytes, write_together
from eqspike.core.showing import markdown_text, spreadsheet_cell
from eqspike.energy.text import si
from eqspike.experiment.sweep.axes import Varied
from eqspike.experiment.sweep.grid import Point, rounded
from eqspike.experiment.sweep.point import QUANTITIES, Base, Result

SCHEMA = "eqspike-sweep-1"

LOWER = "≥ "
LEGEND = (
    "≥: lower bound, for the profile lacks figures; 'eqspike estimate' says what is not modelled."
)


@dataclass(frozen=True)
class Outcome:
    """What became of one point: a result, or why there is none."""

    point: Point
    result: Result | None
    error: str | None

    @property
    def accuracy(self) -> float | None:
        """Test accuracy after the last epoch, a fraction; None where the task judges otherwise."""
        return None if self.result is None else self.result.get("accuracy")

    @property
    def validation(self) -> float | None:
        """The same of the validation samples, if there are some."""
        return None if self.result is None else self.result.get("validation_accuracy")

    def energy(self, chip: str, quantity: str = "inference_j") -> dict[str, float] | None:
        """`low`, `typical` and `high` joules, where the chip's profile allows an estimate."""
        return None if self.result is None else self.result["chips"][chip][quantity]

    def lower_bound(self, chip: str, quantity: str = "inference_j") -> bool:
        """Whether that energy leaves out events for which the chip's profile has no figure."""
        return self.result is not None and self.result["chips"][chip]["lower_bound"][quantity]


@dataclass(frozen=True)
class Search:
    """How points were proposed, where they are no grid.

    Attributes:
        sampler: whose proposals they are; trials: how many in all.
        metric: the task's; larger_is_better: which way it was sought.
        split: what judged it: `validation`, or `test` where nothing was held out.
    """

    sampler: str
    trials: int
    metric: str
    larger_is_better: bool
    split: str = "test"

    @property
    def objective(self) -> str:
        """For people: `validation accuracy`."""
        return f"{self.split} {self.metric.replace('_', ' ')}"

    def value(self, outcome: Outcome) -> float | None:
        """What a point has reached."""
        key = self.metric if self.split == "test" else f"{self.split}_{self.metric}"
        return None if outcome.result is None else outcome.result[key]


@dataclass(frozen=True)
class Sweep:
    """Points and their outcomes, in the order of the grid, or of the trials of a search.

    Attributes:
        search: how the points were found; None for a grid.
    """

    base: Base
    axes: tuple[Varied, ...]
    outcomes: tuple[Outcome, ...]
    search: Search | None = None

    @property
    def best(self) -> Outcome | None:
        """The first point that reached the best value of a search; None for a grid, or where all failed."""
        if self.search is None:
            return None
        reached = [outcome for outcome in self.outcomes if outcome.result is not None]
        sign = 1 if self.search.larger_is_better else -1
        value = self.search.value
        return max(reached, key=lambda outcome: sign * (value(outcome) or 0.0), default=None)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Points without a result."""
        return tuple(outcome for outcome in self.outcomes if outcome.result is None)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data; equal sweeps give equal data, whoever computed them."""
        base = self.base
        return {
            "schema": SCHEMA,
            "model": base.model,
            "task": base.task,
            "set": list(base.overrides),
            "axes": {axis.key: axis.described for axis in self.axes},
            **self._search_json(),
            "chips": list(base.chips),
            "points": [
                {
                    "settings": dict(outcome.point.settings),
                    "folder": outcome.point.folder,
                    "error": outcome.error,
                    **(outcome.result or {}),
                }
                for outcome in self.outcomes
            ],
            "pareto": {
                chip: [self.outcomes[index].point.folder for index in pareto_front(self, chip)]
                for chip in base.chips
            },
        }

    def _search_json(self) -> dict[str, Any]:
        if self.search is None:
            return {}
        search = self.search
        best = None if self.best is None else self.best.point.folder
        found = {"sampler": search.sampler, "trials": search.trials, "objective": search.objective}
        return {"search": {**found, "best": best}}


def pareto_front(sweep: Sweep, chip: str) -> list[int]:
    """Points that no other beats, from the least energy: less energy per inference costs accuracy among them.

    One point beats another if it needs no more energy (typical) and is at least as accurate, and better in one.
    """
    priced = []
    for index, outcome in enumerate(sweep.outcomes):
        energy = outcome.energy(chip)
        if energy is not None and outcome.accuracy is not None:
            priced.append((energy["typical"], -outcome.accuracy, index))
    front, best = [], 1.0
    for _, error, index in sorted(priced):
        if error < best:
            front.append(index)
            best = error
    return front


def has_lower_bounds(sweep: Sweep) -> bool:
    """Whether an energy per inference of the table leaves out something."""
    return any(o.lower_bound(chip) for o in sweep.outcomes for chip in sweep.base.chips)


def write_sweep(sweep: Sweep, out: Path) -> list[Path]:
    """Write `sweep.json`, `sweep.csv` and `sweep.md` into `out`; returns their paths."""
    files = {
        "sweep.json": json_bytes(sweep.to_json()),
        "sweep.csv": _csv(sweep).encode(),
        "sweep.md": _markdown(sweep).encode(),
    }
    return list(write_together(out, files))


def best_line(sweep: Sweep) -> str:
    """What a search found, in one line for people; empty for a grid."""
    if sweep.search is None:
        return ""
    sought = f"{sweep.search.objective} of {sweep.search.trials} trials ({sweep.search.sampler})"
    if sweep.best is None:
        return f"Best {sought}: none, all failed."
    value = sweep.search.value(sweep.best)
    shown = percent_of(value) if sweep.search.metric == "accuracy" else f"{value:.4g}"
    return f"Best {sought}: {shown} with {sweep.best.point.name}"


def table(sweep: Sweep) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows for people; a star marks points on the front of the chip in that column."""
    judged = judged_columns(sweep)
    header = (*(axis.key for axis in sweep.axes), *judged, *sweep.base.chips)
    fronts = {chip: set(pareto_front(sweep, chip)) for chip in sweep.base.chips}
    rows = []
    for index, outcome in enumerate(sweep.outcomes):
        settings = [_shown(value, sweep) for value in outcome.point.settings.values()]
        if outcome.result is None:
            rows.append((*settings, "failed", *("" for _ in header[len(settings) + 1 :])))
            continue
        energies = [
            _energy(outcome, chip) + (" *" if index in fronts[chip] else "")
            for chip in sweep.base.chips
        ]
        accuracies = [percent_of(each(outcome)) for each in judged.values()]
        rows.append((*settings, *accuracies, *energies))
    return header, rows


def judged_columns(sweep: Sweep) -> dict[str, Callable[[Outcome], float | None]]:
    """Columns of accuracies and what fills them: that of validation first, where samples were held out for it."""
    columns: dict[str, Callable[[Outcome], float | None]] = {"accuracy": lambda o: o.accuracy}
    if sweep.base.validation is None:
        return columns
    return {"validation accuracy": lambda outcome: outcome.validation, **columns}


def _shown(value: Any, sweep: Sweep) -> str:
    """A setting; numbers that were drawn have more digits than a table needs."""
    return str(value if sweep.search is None else rounded(value))


def percent_of(accuracy: float | None) -> str:
    """An accuracy for people."""
    return "none" if accuracy is None else f"{100 * accuracy:.2f} %"


def _energy(outcome: Outcome, chip: str) -> str:
    energy = outcome.energy(chip)
    if energy is None:
        return "not modelled"
    bound = LOWER if outcome.lower_bound(chip) else ""
    return f"{bound}{si(energy['typical'], 'J')} ({si(energy['low'], 'J')} – {si(energy['high'], 'J')})"


def _csv(sweep: Sweep) -> str:
    """Plain numbers in joules, for a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    bounds = ("low", "typical", "high")
    cells_of = (*bounds, "is a lower bound")
    columns = [f"{c} {q} {b}" for c in sweep.base.chips for q in QUANTITIES for b in cells_of]
    judged = judged_columns(sweep)
    head = [*(axis.key for axis in sweep.axes), *judged, *columns, "error"]
    writer.writerow([spreadsheet_cell(cell) for cell in head])
    for outcome in sweep.outcomes:
        energies: list[Any] = []
        for chip in sweep.base.chips:
            for quantity in QUANTITIES:
                energy = outcome.energy(chip, quantity)
                energies += [None if energy is None else energy[bound] for bound in bounds]
                energies.append(None if energy is None else outcome.lower_bound(chip, quantity))
        settings = outcome.point.settings.values()
        accuracies = (each(outcome) for each in judged.values())
        cells = [*settings, *accuracies, *energies, outcome.error]
        writer.writerow([spreadsheet_cell(_written(cell)) for cell in cells])
    return file.getvalue()


def _written(value: Any) -> Any:
    """Lists and mappings as texts."""
    return value if value is None or isinstance(value, (int, float, str)) else str(value)


def _markdown(sweep: Sweep) -> str:
    header, rows = table(sweep)
    title = f"{sweep.base.model} on {sweep.base.task}"
    text = [
        f"# {markdown_text(title)}",
        "",
        "Energy per inference: typical (low – high). A star: no other point is as accurate for less energy.",
        "",
        *_lines([header]),
        "|" + " --- |" * len(header),
        *_lines(rows),
    ]
    if line := best_line(sweep):
        text += ["", markdown_text(line)]
    if has_lower_bounds(sweep):
        text += ["", LEGEND]
    if sweep.failed:
        text += ["", "Failed:", ""]
        text += [
            f"- {markdown_text(o.point.name)}: {markdown_text(o.error or '')}" for o in sweep.failed
        ]
    return "\n".join(text) + "\n"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(markdown_text(cell) for cell in row) + " |" for row in rows]

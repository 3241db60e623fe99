"""Accuracy, writes and energy against the width of the weights, of the systems of one comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.energy.model import Estimate
from eqspike.energy.text import Amount
from eqspike.reports import document as doc
from eqspike.reports.comparison import (
    ComparedSystem,
    SystemComparison,
    SystemEnergy,
    events_per_sample,
)
from eqspike.reports.plots import MARKERS, Plot, Scale, Value, log_scale, make_plot, percent_scale
from eqspike.reports.ranges import total_amount
from eqspike.reports.sections import accuracy_words

FLOAT = "float"

SIGNS = ("binary", "metaplastic")
"""Memories whose weights are a sign and a common magnitude: one bit each."""


_COLUMNS = (
    doc.Column("system"), doc.Column("weights"), doc.Column("kind", under=1), doc.Column("accuracy", True),
    doc.Column("inference", True, "interval"), doc.Column("training sample", True, "interval"),
)  # fmt: skip


@dataclass(frozen=True)
class PrecisionStudy:
    """Plots, names of their series by marker, and lines of a table; energies are on `chip`, if any prices them."""

    chip: str
    series: tuple[tuple[int, str], ...]
    plots: tuple[Plot, ...]
    lines: tuple[tuple[str | Amount, ...], ...]


@dataclass(frozen=True)
class _Entry:
    """A system with weights of a known width (None: floating point) and its energies."""

    system: ComparedSystem
    bits: int | None
    series: str
    energy: SystemEnergy

    @property
    def column(self) -> str:
        return FLOAT if self.bits is None else _bits(self.bits)


def precision_parts(comparison: SystemComparison) -> tuple[doc.Part, ...]:
    """Plots and table of the study, if there is one."""
    study = precision_study(comparison)
    if study is None:
        return ()
    tail = (
        "Lines join the means of equal widths. Writes and energy are on logarithmic axes; an energy's line runs "
        "from low to high."
    )
    on = f"Energies per sample on {study.chip}" if study.chip else "No chip prices these systems"
    return (
        doc.Plots("Systems by the width of their weights:", study.series, tail, study.plots),
        doc.Table(on, _COLUMNS, study.lines, "wide"),
    )


def precision_study(comparison: SystemComparison) -> PrecisionStudy | None:
    """The study on the first chip that prices anything; None where all weights are of one kind."""
    index = next((i for i, row in enumerate(comparison.energies) if _any_energy(row)), None)
    nothing = SystemEnergy(None, None)
    several = len({_size(system) for system in comparison.systems}) > 1
    entries = []
    for place, system in enumerate(comparison.systems):
        found = _memory(system.provenance)
        if found is not None:
            energy = nothing if index is None else comparison.energies[index][place]
            bits, series = found
            # Networks of different sizes are never joined by a line.
            size = f", {_size(system)} weights" if several else ""
            entries.append(_Entry(system, bits, series + size, energy))
    if len({(entry.bits, entry.series) for entry in entries}) < 2:
        return None
    entries.sort(key=lambda entry: (entry.bits is None, entry.bits or 0, entry.series))
    chip = "" if index is None else comparison.chips[index].name
    plots = (_accuracy_plot(entries), _writes_plot(entries), _energy_plot(entries, chip))
    return PrecisionStudy(
        chip,
        tuple((index % MARKERS, name) for index, name in enumerate(_series(entries))),
        tuple(plot for plot in plots if plot),
        tuple(_line(entry) for entry in entries),
    )


def _memory(provenance: Mapping[str, Any]) -> tuple[int | None, str] | None:
    """Width and name of the series, if they are known."""
    kind, bits = provenance.get("weight_memory"), provenance.get("weight_bits")
    if isinstance(bits, int):
        rounding = provenance.get("weight_rounding")
        return bits, f"{rounding} rounding" if rounding else str(kind)
    if kind in SIGNS:
        return 1, str(kind)
    return (None, "floating point") if kind == "ideal" else None


def _size(system: ComparedSystem) -> str:
    return text.count(sum(system.weights.values())) if system.weights else "unknown"


def _accuracy_plot(entries: list[_Entry]) -> Plot | None:
    shares = {
        entry.system.label: Interval(share, share, share)
        for entry in entries
        if (share := entry.system.provenance.get("accuracy")) is not None
    }
    if not shares:
        return None
    scale = percent_scale([interval.typical for interval in shares.values()])
    return _plot("Accuracy on the test set", entries, shares, scale, lambda x: f"{100 * x:.2f} %")


def _writes_plot(entries: list[_Entry]) -> Plot | None:
    writes = {
        entry.system.label: Interval(number, number, number)
        for entry in entries
        if entry.system.training is not None
        and (number := events_per_sample(entry.system.training)["weight writes"])
    }
    if not writes:
        return None
    scale = log_scale(list(writes.values()), text.count)
    return _plot("Weight writes per training sample", entries, writes, scale, text.count)


def _energy_plot(entries: list[_Entry], chip: str) -> Plot | None:
    energies = {
        entry.system.label: interval
        for entry in entries
        if (interval := _per_sample(entry.energy.training)) is not None and interval.low > 0.0
    }
    if not energies:
        return None
    scale = log_scale(list(energies.values()), text.joules)
    title = f"Energy per training sample on {chip}"
    return _plot(title, entries, energies, scale, text.joules)


def _plot(
    title: str, entries: list[_Entry], amounts: Mapping[str, Interval], scale: Scale,
    words: Callable[[float], str],
) -> Plot:  # fmt: skip
    """A plot of one amount by label of the system; all plots have the same columns and series."""
    values: dict[str, list[Value]] = {name: [] for name in _series(entries)}
    for entry in entries:
        interval = amounts.get(entry.system.label)
        if interval is not None:
            label = f"{entry.column} {words(interval.typical)}"
            values[entry.series].append(Value(entry.column, interval, label))
    columns = list(dict.fromkeys(entry.column for entry in entries))
    return make_plot(title, columns, scale, values)


def _series(entries: list[_Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.series for entry in entries))


def _line(entry: _Entry) -> tuple[str | Amount, ...]:
    energies = (
        Amount("not priced", "") if estimate is None else total_amount(estimate)
        for estimate in (entry.energy.inference, entry.energy.training)
    )
    accuracy = accuracy_words(entry.system.provenance)
    return entry.system.label, entry.column, entry.series, accuracy, *energies


def _bits(bits: int) -> str:
    return "1 bit" if bits == 1 else f"{bits} bits"


def _any_energy(energies: tuple[SystemEnergy, ...]) -> bool:
    return any(_per_sample(energy.training) or _per_sample(energy.inference) for energy in energies)


def _per_sample(estimate: Estimate | None) -> Interval | None:
    return None if estimate is None else estimate.per_sample

"""Parts of the energy report on one chip."""

from __future__ import annotations

from collections.abc import Iterator

from eqspike.core.quantities import Interval
from eqspike.energy import text
from eqspike.reports import document as doc
from eqspike.reports.contents import ChipEnergy, Priced
from eqspike.reports.evidence import figure_lines
from eqspike.reports.quantity import quantity_parts

TITLES = {"inference": "Energy per inference", "training": "Energy per training sample"}
WHOLE = {"inference": "", "training": "whole training"}


def chip_section(index: int, entry: ChipEnergy, samples_per_second: float) -> doc.Section:
    """All of one chip; `index` makes its anchor, so that a name never has to be one."""
    chip = entry.chip
    parts = tuple(_parts(entry, samples_per_second))
    return doc.Section(f"chip-{index}", f"{chip.name}: {chip.title}", parts, chip.name)


def priced_of(entry: ChipEnergy) -> list[tuple[str, Priced]]:
    """Quantities that have counts."""
    pairs = (("inference", entry.inference), ("training", entry.training))
    return [(name, priced) for name, priced in pairs if priced is not None]


def _parts(entry: ChipEnergy, samples_per_second: float) -> Iterator[doc.Part]:
    chip, given = entry.chip, priced_of(entry)
    yield doc.Paragraph((chip.about,))
    for name, priced in given:
        yield from quantity_parts(TITLES[name], priced, chip, WHOLE[name])
    if entry.wear:
        yield doc.Heading(3, ("Wear of the weights",))
        yield _wear(entry, f"{samples_per_second:g}", samples_per_second)
    yield doc.Heading(3, ("Assumptions",))
    texts = dict.fromkeys(note for _, priced in given for note in priced.estimate.assumptions)
    yield doc.Bullets(tuple((note,) for note in texts))
    yield doc.Heading(3, ("Figures and their evidence",))
    yield doc.Figures(figure_lines(chip))
    yield doc.Heading(4, ("Sources",))
    yield doc.Pairs((*chip.sources.items(), ("profile", doc.Run(f"SHA-256 {chip.digest}", "code"))))


def _wear(entry: ChipEnergy, rate: str, samples_per_second: float) -> doc.Table:
    writes = "writes per weight and training sample"
    columns = doc.numbers(writes, "training samples until worn out", f"years, {rate} samples/s")
    rows = (
        (
            item.place,
            f"{item.writes:.3g}",
            _powers(item.samples),
            _powers(item.years(samples_per_second)),
        )
        for item in entry.wear
    )
    caption = "Means over the weights of a coupling; the weight that is written most fails earlier"
    return doc.Table(caption, (doc.Column("weights"), *columns), tuple(rows))


def _powers(interval: Interval) -> str:
    """Typical and ends with two digits: an endurance is known to powers of ten."""
    low, typical, high = map(text.scientific, (interval.low, interval.typical, interval.high))
    return f"{typical} ({low} – {high})"

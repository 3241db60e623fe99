"""One document model: parts that a builder puts together, and that each medium renders in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from eqspike.energy.text import Amount
from eqspike.reports.activity import Histogram
from eqspike.reports.charts import Bar, Tick
from eqspike.reports.evidence import FigureLine
from eqspike.reports.plots import Plot
from eqspike.reports.ranges import RangeRow


@dataclass(frozen=True)
class Run:
    """Text in a style.

    Attributes:
        text: what is said.
        style: `strong`, `soft`, `code`, `kbd` (a command), `small` (added to what stands before it), `confidence`
            (one of the names), `mark` (of a quantity in a chart), `part` (of a stacked bar) or `link`.
        target: address of a link, name of the quantity or index of the part.
    """

    text: str
    style: str
    target: str = ""


Inline = str | Run | Amount
Runs = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """Heading of level 3 or 4 inside a section; with `short`, pages link to its anchor from their top."""

    kind: ClassVar[str] = "heading"
    level: int
    runs: Runs
    anchor: str = ""
    short: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text; `style` is empty, `note`, `warning` or `soft`."""

    kind: ClassVar[str] = "paragraph"
    runs: Runs
    style: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list, below a `lead` if there is one; `style` is empty or `warning`."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Runs, ...]
    lead: Runs = ()
    style: str = ""


@dataclass(frozen=True)
class Pairs:
    """Names and what they stand for."""

    kind: ClassVar[str] = "pairs"
    items: tuple[tuple[Inline, Inline], ...]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: heading; `given` if it is a name from outside, which is never changed.
        number: whether it holds numbers.
        interval: heading of the column of its intervals, where a medium shows them apart.
        under: index of the column in whose cells it is small print where width is scarce; `words` then follow.
    """

    title: str
    number: bool = False
    interval: str = ""
    under: int | None = None
    words: str = ""
    given: bool = False


def texts(*titles: str) -> tuple[Column, ...]:
    """Columns of texts."""
    return tuple(map(Column, titles))


def numbers(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(title, True) for title in titles)


@dataclass(frozen=True)
class Table:
    """A table; every row has a cell (runs, or one of them) for every column, the first names the row.

    `style` is empty, `headline` or `wide`: wide ones may scroll sideways.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline | Runs, ...], ...]
    style: str = ""

    def small_print(self, host: int) -> tuple[tuple[int, Column], ...]:
        """Places and columns that go under the column `host`."""
        return tuple((i, column) for i, column in enumerate(self.columns) if column.under == host)


@dataclass(frozen=True)
class Ranges:
    """Intervals on one logarithmic axis; `tabled` if a medium that cannot draw makes a table of them."""

    kind: ClassVar[str] = "ranges"
    caption: Runs
    rows: tuple[RangeRow, ...]
    ticks: tuple[Tick, ...]
    tabled: str = ""


@dataclass(frozen=True)
class Stacks:
    """Stacked bars on one linear axis."""

    kind: ClassVar[str] = "stacks"
    caption: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Histograms:
    """Histograms beside each other."""

    kind: ClassVar[str] = "histograms"
    items: tuple[Histogram, ...]


@dataclass(frozen=True)
class Plots:
    """Plots beside each other, with a `lead`, the names of their series by marker, and a `tail`."""

    kind: ClassVar[str] = "plots"
    lead: str
    series: tuple[tuple[int, str], ...]
    tail: str
    items: tuple[Plot, ...]


@dataclass(frozen=True)
class Figures:
    """Figures of a chip with their evidence."""

    kind: ClassVar[str] = "figures"
    lines: tuple[FigureLine, ...]


Part = (
    Heading | Paragraph | Bullets | Pairs | Table | Ranges | Stacks | Histograms | Plots | Figures
)


@dataclass(frozen=True)
class Section:
    """A section; with `short`, pages link to its anchor from their top."""

    anchor: str
    title: str
    parts: tuple[Part, ...]
    short: str = ""


@dataclass(frozen=True)
class Document:
    """What is written about one or several runs.

    Attributes:
        name: of its files, without the ending.
        data: all of it as JSON data.
        title, lead: headline, and paragraphs below it.
        sections: in order.
        legend: names of the parts of stacked bars, by index.
        tables: its energies as CSV, by the name of the file without its ending.
    """

    name: str
    data: Mapping[str, Any]
    title: str
    lead: tuple[Paragraph, ...]
    sections: tuple[Section, ...]
    legend: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)

    @property
    def links(self) -> Iterator[tuple[str, str]]:
        """Anchors and names that lead into the document."""
        for section in self.sections:
            if section.short:
                yield section.anchor, section.short
            for part in section.parts:
                if isinstance(part, Heading) and part.short:
                    yield part.anchor, part.short

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of its parts."""
        return frozenset(part.kind for section in self.sections for part in section.parts)

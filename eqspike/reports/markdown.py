"""Documents as Markdown, in which texts from outside cannot become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import singledispatch

from eqspike.core.showing import markdown_text, visible
from eqspike.energy.text import Amount
from eqspike.reports import document as doc

# All white space but that which no line breaks at.

_FIGURES = (
    doc.Column("figure"), doc.Column("typical", interval="low – high"),
    *doc.texts("confidence", "sources", "what it is"),
)  # fmt: skip


def render_markdown(document: doc.Document) -> str:
    """The document as Markdown."""
    blocks = [f"# {markdown_text(document.title)}"]
    for part in document.lead:
        blocks += render(part)
    for section in document.sections:
        blocks.append(f"## {markdown_text(section.title)}")
        for each in section.parts:
            blocks += render(each)
    return "\n\n".join(blocks) + "\n"


@singledispatch
def render(part: doc.Part) -> Iterable[str]:
    """Blocks of one part, between which a line is left empty."""
    raise NotImplementedError(type(part).__name__)


@render.register
def _(part: doc.Heading) -> Iterable[str]:
    return [f"{'#' * part.level} {_inline(part.runs)}"]


@render.register
def _(part: doc.Paragraph) -> Iterable[str]:
    return [_inline(part.runs)]


@render.register
def _(part: doc.Bullets) -> Iterable[str]:
    return [
        *([_inline(part.lead)] if part.lead else []),
        _lines(f"- {_inline(item)}" for item in part.items),
    ]


@render.register
def _(part: doc.Pairs) -> Iterable[str]:
    return [_lines(f"- {_inline(name)}: {_inline(value)}" for name, value in part.items)]


@render.register
def _(part: doc.Table) -> Iterable[str]:
    """Intervals of amounts have columns of their own where these have a heading."""
    heads, marks = [], []
    for column in part.columns:
        titles = [column.title, *([column.interval] if column.interval else [])]
        heads += [markdown_text(title) for title in titles]
        marks += ["---:" if column.number else "---"] * len(titles)
    rows = [
        _row(text for column, cell in zip(part.columns, row, strict=True) for text in _cells(column, cell))
        for row in part.rows
    ]  # fmt: skip
    table = _lines([_row(heads), f"|{'|'.join(marks)}|", *rows])
    return [*([markdown_text(part.caption) + ":"] if part.caption else []), table]


@render.register
def _(part: doc.Ranges) -> Iterable[str]:
    if not part.tabled:
        return []
    columns = (
        *doc.texts(part.tabled, "quantity"), doc.Column("typical", True, "interval"),
        doc.Column("ratio", True),
    )  # fmt: skip
    rows: list[tuple[doc.Inline, ...]] = []
    for row in part.rows:
        rows += [(row.label, entry.title, entry.amount, entry.ratio) for entry in row.entries]
        rows += [] if row.entries else [(row.label, row.remark, "", "")]
    return render(doc.Table("", columns, tuple(rows)))


@render.register
def _(part: doc.Stacks) -> Iterable[str]:
    bars = doc.Pairs(tuple((bar.label, bar.value) for bar in part.bars))
    return [f"{markdown_text(part.caption)}:", *render(bars)]


@render.register
def _(part: doc.Histograms) -> Iterator[str]:
    for item in part.items:
        yield f"{markdown_text(item.layer)}: {markdown_text(item.summary)}."
        if item.bars:
            yield from render(doc.Bullets(tuple((bar[4],) for bar in item.bars)))


@render.register
def _(part: doc.Plots) -> Iterable[str]:
    """Nothing: the table below has all of it."""
    return []


@render.register
def _(part: doc.Figures) -> Iterator[str]:
    rows = ((x.event, x.amount, x.confidence, x.sources, x.note) for x in part.lines)
    yield from render(doc.Table("", _FIGURES, tuple(rows)))
    for line in part.lines:
        if line.published:
            apart = f", **{markdown_text(line.disagreement)} apart**" if line.disagreement else ""
            yield f"Published for {markdown_text(line.event)}{apart}:"
            yield _lines(
                f"- {markdown_text(item.amount)}: {markdown_text(item.definition)} "
                f"({markdown_text(item.sources)}; {markdown_text(item.confidence)} confidence)"
                + (f"; set aside: {markdown_text(item.set_aside)}" if item.set_aside else "")
                for item in line.published
            )


def _cells(column: doc.Column, cell: doc.Inline | doc.Runs) -> Sequence[str]:
    if not column.interval:
        return [_inline(cell)]
    if isinstance(cell, Amount):
        return [markdown_text(cell.typical), markdown_text(cell.interval)]
    return [_inline(cell), ""]


def _inline(cell: doc.Inline | doc.Runs) -> str:
    if isinstance(cell, tuple):
        return "".join(_inline(run) for run in cell)
    if isinstance(cell, Amount):
        interval = f" ({markdown_text(cell.interval)})" if cell.interval else ""
        return markdown_text(cell.typical) + interval
    if isinstance(cell, str):
        # Spaces at the ends part it from its neighbours.
        ends = (" " if end else "" for end in (cell[:1] == " ", cell[1:][-1:] == " "))
        return markdown_text(cell).join(ends)
    if cell.style == "kbd":
        return _code(cell.text)
    said = markdown_text(cell.text)
    if cell.style == "link" and cell.target in (f"#{cell.text}", cell.text):
        # Elsewhere anchors are not those that a reader of Markdown makes of headings.
        return f"[{said}]({cell.target})"
    return {"strong": f"**{said}**", "small": f", {said}"}.get(cell.style, said)


def _code(text: str) -> str:
    """A command, to be copied as it stands; its fence is longer than any in it, and a bar ends no cell."""
    said = visible(" ".join(text.split())).replace("|", "\\|")
    fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", said)), default=0))
    space = " " if "`" in said else ""
    return f"{fence}{space}{said}{space}{fence}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)

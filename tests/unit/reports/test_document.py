"""The document model: every part has a form in every medium, and says the same in each."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from eqspike.core.activity import LayerActivity
from eqspike.core.quantities import Interval
from eqspike.core.showing import markdown_text
from eqspike.energy.text import Amount
from eqspike.reports import document as doc
from eqspike.reports.activity import histogram
from eqspike.reports.charts import Bar, LogAxis
from eqspike.reports.evidence import FigureLine
from eqspike.reports.markdown import render_markdown
from eqspike.reports.page import render_page
from eqspike.reports.plots import Scale, Value, make_plot
from eqspike.reports.ranges import RangeEntry, RangeRow

AMOUNT = Amount("2 J", "1 – 3 J")


def samples() -> Iterator[tuple[doc.Part, tuple[str, ...]]]:
    """One of each part, and what both media must say of it."""
    yield doc.Heading(3, ("depth ", doc.Run("of field", "soft"))), ("depth of field",)
    yield doc.Paragraph((doc.Run("mind", "strong"), " the gap"), "warning"), ("mind", "the gap")
    yield doc.Bullets((("one",), ("two",)), ("lead",)), ("lead", "one", "two")
    yield doc.Pairs((("name", AMOUNT),)), ("name", "2 J", "1 – 3 J")
    yield doc.Table("Caption", doc.texts("where"), (("here",),)), ("Caption", "here")
    interval = Interval(1.0, 2.0, 3.0)
    axis = LogAxis([interval])
    entry = RangeEntry("inference", "inference", AMOUNT, axis.span(interval), "× 2")
    rows = (RangeRow("drawn", (entry,)), RangeRow("empty", (), "no counts"))
    yield (
        doc.Ranges(("caption",), rows, axis.ticks(), "system"),
        ("drawn", "2 J", "1 – 3 J", "× 2", "empty", "no counts"),
    )
    yield doc.Stacks("Bars", (Bar("phase", "7 J", (), None),)), ("Bars", "phase", "7 J")
    layer = histogram("hidden", LayerActivity(1, 4.0, (2, 0, 0, 3)))
    yield doc.Histograms((layer,)), ("hidden", "6 neurons, 1 silent", "above 3 up to 4 spikes")
    plot = make_plot("Plot", ["a"], Scale(0.0, 3.0, False, ()), {"s": [Value("a", interval, "x")]})
    yield doc.Plots("By width:", ((0, "s"),), "Tail.", (plot,)), ()
    line = FigureLine("spike", AMOUNT, "low", "book", "as measured")
    yield doc.Figures((line,)), ("spike", "2 J", "1 – 3 J", "low", "book", "as measured")


def document(*parts: doc.Part) -> doc.Document:
    sections = (doc.Section("first", "First", parts, "First"),)
    return doc.Document("name", {}, "Title", (doc.Paragraph(("Lead.",)),), sections)


def test_there_is_a_sample_of_every_part() -> None:
    """A part that is added needs a form in every medium; one without would fail below."""
    assert {type(part) for part, _ in samples()} == set(get_args(doc.Part))


@pytest.mark.parametrize(("part", "said"), list(samples()), ids=lambda x: getattr(x, "kind", ""))
def test_a_part_says_the_same_in_every_medium(part: doc.Part, said: tuple[str, ...]) -> None:
    page = html.unescape(re.sub(r"<[^>]*>", "", render_page(document(part))))
    markdown = html.unescape(render_markdown(document(part)).replace("**", ""))
    for text in said:
        assert text in page
        assert text in markdown


def test_small_print_and_intervals_have_columns_where_there_is_room() -> None:
    columns = (
        doc.Column("system"), doc.Column("weights", under=0, words=" weights"),
        doc.Column("energy", True, "interval"), doc.Column("Free", True, given=True),
    )  # fmt: skip
    table = doc.Table("Caption", columns, (("one", "7", AMOUNT, "5"), ("two", "", "none", "")))
    markdown = render_markdown(document(table)).splitlines()
    start = markdown.index("| system | weights | energy | interval | Free |")
    assert markdown[start + 1 : start + 4] == [
        "|---|---|---:|---:|---:|",
        "| one | 7 | 2 J | 1 – 3 J | 5 |",
        "| two |  | none |  |  |",
    ]
    page = render_page(document(table))
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)', page) == ["System", "Energy", "Free"]
    assert '<th scope="row">one <small>7 weights</small></th>' in page
    assert '<td class="number"><strong>2 J</strong> <small>1 – 3 J</small></td>' in page
    assert '<th scope="row">two</th>' in page


def test_links_lead_into_the_document() -> None:
    """In Markdown only where its readers make the same anchor of a heading."""
    runs = (doc.Run("chip", "link", "#chip"), " ", doc.Run("loihi", "link", "#chip-1"))
    made = document(doc.Paragraph(runs), doc.Heading(3, ("x",), "chip-1", "Loihi"))
    assert "[chip](#chip) loihi" in render_markdown(made)
    assert '<a href="#chip">chip</a> <a href="#chip-1">loihi</a>' in render_page(made)
    assert list(made.links) == [("first", "First"), ("chip-1", "Loihi")]
    hidden = replace(made, sections=(replace(made.sections[0], short=""),))
    assert list(hidden.links) == [("chip-1", "Loihi")]


def test_amounts_stay_in_one_line() -> None:
    """White space that no line breaks at is kept; any other is one space."""
    assert markdown_text("5\u00a0pJ of\u202f1\n\t\u2028 x ") == "5\u00a0pJ of\u202f1 x"

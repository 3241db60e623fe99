"""Names that try to be markup, to break a table, or to reorder a line, in the report and in the comparison."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.activity import LayerActivity
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.showing import visible
from eqspike.reports import (
    ComparedSystem,
    build_comparison,
    build_report,
    write_comparison,
    write_report,
)
from eqspike.reports.markdown import render_markdown
from eqspike.reports.report import report_document

MakeChip = Callable[..., ChipProfile]

NAMES = {
    "script": "<script>alert(1)</script>",
    "quotes": "a\"b'c\" onload='x' autofocus=\"y",
    "backticks": "`` `code` ``` fence",
    "pipes": "a|b||c\\|d\\",
    "newlines": "one\n\n# two\r\n| x |\n- three\u2028four\u0085five",
    "direction": "safe\u202egnp.exe\u202c \u2067x\u2069 \u200f",
    "hebrew": "שלום (עולם)",
    "controls": "\x00\x1b[31mred\x1b[0m\x7f\ufeff",
    "surrogate": "half \ud800 pair",
    "style": "</style></title><svg/onload=alert(1)>",
    "template": "{{ 7 * 191 }}{% raw %}{# x #}",
    "entity": "&lt;b&gt; &#60;i>",
    "link": "[x](javascript:alert(1)) ![y](http://example.org/z.png)",
    "empty": "",
    "spaces": "   ",
    "long": "W" * 500,
}
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Elements(HTMLParser):
    """Tags and attribute names of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def counts(name: str) -> EventCounts:
    layers = {name: LayerCounts(3, 10, 0), "out": LayerCounts(1, 5, 0)}
    return EventCounts(1, {name: PhaseCounts(5, layers, {f"{name}->out": CouplingCounts(6, 5)})})


def pages(name: str, make_chip: MakeChip, folder: Path) -> dict[str, str]:
    """Both reports with `name` in every place that a file or a command line can reach."""
    chip = make_chip(
        name or "chip", title=name, about=name, includes=(name,), sources={"book": name}, spike=None
    )
    provenance = {"model": name, "task": name, "title": name, name: [name, {"a": name}]}
    memory = {"weight_memory": name, "weight_bits": 3, "weight_rounding": name}
    report = build_report(
        chips=[chip],
        provenance=provenance,
        inference=counts(name),
        training=counts(name),
        activity={name: LayerActivity(0, 3.0, (1, 2))},
    )
    systems = [
        ComparedSystem(name + "1", provenance | memory, counts(name), counts(name), {name: 3}),
        ComparedSystem(name + "2", provenance | {"weight_memory": "ideal"}, counts(name), None),
        ComparedSystem(name + "3", provenance, counts(name), None, {}, name or "why"),
    ]
    paths = [
        *write_report(report, folder / "report"),
        *write_comparison(build_comparison(systems, [chip]), folder / "comparison"),
    ]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="module")
def plain() -> dict[str, Elements]:
    """What pages without hostile names hold; filled once."""
    return {}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_adds_nothing_to_a_page(
    name: str, make_chip: MakeChip, tmp_path: Path, plain: dict[str, Elements]
) -> None:
    """The same elements and attributes as with a harmless name, and the name as text."""
    if not plain:
        harmless = pages("name", make_chip, tmp_path / "plain")
        plain.update({k: Elements(v) for k, v in harmless.items() if k.endswith(".html")})
    for file, html in pages(name, make_chip, tmp_path).items():
        if not file.endswith(".html"):
            continue
        found = Elements(html)
        assert found.tags == plain[file].tags
        assert found.names == plain[file].names
        assert "1337" not in html
        assert not TURNS.search(html)
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", html)
        shown = " ".join(" ".join(found.words).split())
        assert " ".join(visible(name).split()) in shown


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_stays_in_its_cell_of_the_markdown(
    name: str, make_chip: MakeChip, tmp_path: Path, check_rows: Callable[[str], None]
) -> None:
    """Every row has as many cells as its header, and no line of a name begins a line of the page."""
    for file, text in pages(name, make_chip, tmp_path).items():
        if not file.endswith(".md"):
            continue
        assert "<" not in text
        assert "1337" not in text
        assert not TURNS.search(text)
        assert not re.search(r"(?<!\\)[`~$]", text)
        assert not re.search(r"(?<!\\)\]\(", text)
        check_rows(text)
        for line in text.splitlines():
            assert not re.match(r"# two|- three|four|five|\| x \|", line)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_json_keeps_a_name_as_it_is(name: str, make_chip: MakeChip, tmp_path: Path) -> None:
    written = pages(name, make_chip, tmp_path)
    assert json.loads(written["energy.json"])["provenance"]["model"] == name
    data = json.loads(written["comparison.json"])
    assert data["first"] == name + "1"
    assert data["systems"][name + "1"]["provenance"][name] == [name, {"a": name}]


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("- item", "\\- item"),
        ("1. first", "1\\. first"),
        ("12) x", "12\\) x"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("> quoted", "&gt; quoted"),
        ("# heading", "\\# heading"),
        ("3.5 and 8-bit", "3.5 and 8-bit"),
        ("-5", "-5"),
    ],
)
def test_a_line_of_markdown_begins_as_text(about: str, shown: str, make_chip: MakeChip) -> None:
    """A text that stands alone in a line is no list, rule, quotation or heading."""
    report = build_report(chips=[make_chip(about=about)], provenance={}, inference=counts("hidden"))

    assert shown in render_markdown(report_document(report)).splitlines()


def test_visible_leaves_ordinary_text_alone() -> None:
    text = "Größe 3 µJ – ≥\u00a05\u202f000 עברית\n\t日本 🙂"
    assert visible(text) == text
    assert visible("a\u202eb\x1b\ud800") == "a‹U+202E›b‹U+001B›‹U+D800›"

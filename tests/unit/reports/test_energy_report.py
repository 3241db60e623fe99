"""The report: its contents as JSON, and pages that nothing from outside can break."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile, Weights
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Published, Quantity
from eqspike.energy import Conditions, estimate
from eqspike.reports import EnergyReport, build_report, charts, report_json, write_report

MakeChip = Callable[..., ChipProfile]

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'; --> </style></title> {{ 7 * 191 }} {% raw %} ${x}",
    "[link](http://example.org/x) | **bold** `code` \n# heading",
)
VOID = {"meta", "br", "img", "link", "input", "hr"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section"),
    *("h1", "h2", "h3", "h4", "p", "a", "strong", "span", "small", "code", "ul", "li", "div"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
    *("figure", "figcaption", "br", "svg", "defs", "pattern", "rect", "path", "line"),
    *("circle", "text"),
}


class Page(HTMLParser):
    """What a browser would make of a page, as far as the tests ask."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [
            value or "" for _, attrs in self.elements for key, value in attrs.items() if key == name
        ]

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def hostile(make_chip: MakeChip, figure: Callable[..., Quantity]) -> EnergyReport:
    """A report in which every text that can come from outside is an attack."""
    one, two, three, four = HOSTILE
    phase = PhaseCounts(
        1,
        {one: LayerCounts(1, 1, 1), two: LayerCounts(1, 1, 1)},
        {f"{one}->{two}": CouplingCounts(2, 2), f"{two}->{one}": CouplingCounts(2, 2)},
        {f"{one}-{two}": PlasticityCounts(3, 3, 3), three: PlasticityCounts(1, 1, 1)},
    )
    chip = make_chip(
        two,
        title=three,
        about=four,
        includes=(one, four),
        sources={one: two, four: three},
        digest=four,
        synaptic_operation=replace(
            figure(1.0, 2.0, 3.0, "low"),
            sources=(one, four),
            note=" ".join(HOSTILE),
            published=(
                Published(1.0, " ".join(HOSTILE), (two, three), "low"),
                Published(9.0, three, (four,), "low", " ".join(HOSTILE)),
            ),
        ),
        weights=Weights(8, True, None, figure(1e6, 1e6, 1e6, unit="writes")),
        trace_update=None,
    )
    return build_report(
        chips=[chip],
        conditions=Conditions(hops_per_spike={one: 1.0, two: 2.0}),
        weights={f"{one}-{two}": 10, three: 1},
        provenance={"model": one, "task": two, three: four, four: {one: three}, "list": [two]},
        training=EventCounts(1, {one: phase, four: phase}),
        inference=None,
    )


def written(report: EnergyReport, folder: Path) -> tuple[Any, str, str]:
    paths = write_report(report, folder)
    assert [path.name for path in paths] == ["energy.json", "energy.md", "energy.html"]
    data, markdown, html = (path.read_text(encoding="utf-8") for path in paths)
    return json.loads(data), markdown, html


class TestContents:
    def test_json_has_the_promised_keys(
        self, report: EnergyReport, provenance: dict[str, Any], tmp_path: Path
    ) -> None:
        data, _, _ = written(report, tmp_path)
        assert data["schema"] == "eqspike-energy-report-1"
        assert list(data["chips"]) == ["first", "second"]
        first = data["chips"]["first"]
        # 44 x 1 + 100 x 2 + 16 x 4 J of two samples, and typical 2^10, high 2^20 times as much.
        assert first["inference_j"] == {
            "low": 154.0,
            "typical": 154.0 * 2**10,
            "high": 154.0 * 2**20,
        }
        training = 55 * 1 + 120 * 2 + 20 * 4 + 32 * 8 + 19 * 16 + 13 * 32
        assert first["training_sample_j"]["low"] == training / 2
        assert data["provenance"] == provenance
        assert data == report_json(report)

    def test_json_keeps_null_apart_from_zero(self, report: EnergyReport) -> None:
        second = report_json(report)["chips"]["second"]
        assert second["training"]["by_category_j"]["trace updates"] is None
        assert second["inference"]["by_category_j"]["trace updates"]["typical"] == 0.0
        assert second["training"]["by_phase_j"]["update"] is None
        assert second["training"]["lower_bound"] is True
        missing = {gap["what"]: gap["count"] for gap in second["training"]["not_modelled"]}
        assert missing["trace updates"] == 32
        assert second["profile"]["energy"]["trace_update"] is None

    def test_json_rows_add_up_to_the_total(self, report: EnergyReport) -> None:
        training = report_json(report)["chips"]["first"]["training"]
        rows = sum(row["energy_j"]["low"] for row in training["rows"])
        assert rows == training["total_j"]["low"] == training["dynamic_j"]["low"]

    def test_json_counts_can_be_priced_again(self, report: EnergyReport) -> None:
        data = json.loads(json.dumps(report_json(report)))
        counts = EventCounts.from_json(data["counts"]["training"])
        again = estimate(counts, report.chips[0].chip)
        assert report.chips[0].training is not None
        assert again == report.chips[0].training.estimate

    def test_one_kind_of_counts_is_enough(
        self, make_chip: MakeChip, inference: EventCounts, tmp_path: Path
    ) -> None:
        report = build_report(chips=[make_chip()], provenance={}, inference=inference)
        data, markdown, html = written(report, tmp_path)
        assert data["chips"]["toy"]["training_sample_j"] is None
        assert data["counts"]["training"] is None
        assert "no counts" in markdown
        assert "no counts" in html
        assert "not given" in Page(html).shown

    def test_pages_show_the_numbers(self, report: EnergyReport, tmp_path: Path) -> None:
        _, markdown, html = written(report, tmp_path)
        for shown in (markdown.replace("\u00a0", " "), Page(html).shown.replace("\u00a0", " ")):
            assert "97.12 %" in shown
            assert "≥ 158 kJ" in shown  # 154 x 1024 J
            assert "154 J – 161 MJ" in shown
            assert "not modelled" in shown
            assert "versions.numpy" in shown
            assert "A. Author, A Book, 2020." in shown
            assert "Energy of eqspike-100 on toy digits" in shown


class TestPage:
    def test_is_well_formed_and_self_contained(self, report: EnergyReport, tmp_path: Path) -> None:
        html = written(report, tmp_path)[2]
        page = Page(html)
        assert page.open == []
        assert {tag for tag, _ in page.elements} <= TAGS
        assert page.attributes("src") == []
        assert page.attributes("style") == []
        assert not re.search(r"@import|url\((?!#)|//", html)
        assert any("default-src 'none'" in text for text in page.attributes("content")), (
            "the page must forbid itself any fetch"
        )

    def test_links_lead_somewhere_on_the_page(self, report: EnergyReport, tmp_path: Path) -> None:
        page = Page(written(report, tmp_path)[2])
        ids = page.attributes("id")
        assert len(ids) == len(set(ids))
        links = page.attributes("href")
        assert {"#result", "#chip-1", "#chip-2", "#provenance"} <= set(links)
        assert {link[1:] for link in links} <= set(ids)
        fills = [fill[5:-1] for fill in page.attributes("fill") if fill.startswith("url(")]
        assert fills
        assert set(fills) <= set(ids)

    def test_pictures_speak_or_are_silent(self, report: EnergyReport, tmp_path: Path) -> None:
        page = Page(written(report, tmp_path)[2])
        pictures = [attrs for tag, attrs in page.elements if tag == "svg"]
        assert len(pictures) > 10
        for attrs in pictures:
            axis = attrs == {"height": "18"}  # inside a hidden line: it repeats the lines above
            silent = axis or attrs.get("aria-hidden") == "true"
            assert silent or (attrs.get("role") == "img" and attrs.get("aria-label"))

    def test_every_part_has_its_own_pattern(self, report: EnergyReport, tmp_path: Path) -> None:
        html = written(report, tmp_path)[2]
        patterns = re.findall(r'<pattern id="part-(\d)".*?<path d="([^"]*)"', html, re.DOTALL)
        assert len(patterns) == len(charts.PARTS)
        assert len({path for _, path in patterns}) == len(patterns)

    def test_scrolling_regions_are_reachable_by_keyboard(
        self, report: EnergyReport, tmp_path: Path
    ) -> None:
        page = Page(written(report, tmp_path)[2])
        regions = [attrs for _, attrs in page.elements if attrs.get("class") == "scroll"]
        assert regions
        assert all(r.get("tabindex") == "0" and r.get("aria-label") for r in regions)

    def test_places_stay_inside_the_pictures(self, report: EnergyReport, tmp_path: Path) -> None:
        page = Page(written(report, tmp_path)[2])
        places = [
            float(value[:-1])
            for name in ("x", "x1", "x2", "cx", "width")
            for value in page.attributes(name)
            if value.endswith("%")
        ]
        assert len(places) > 20
        assert all(0.0 <= place <= 100.0 for place in places)


class TestHostileTexts:
    def test_html_shows_them_as_text(self, hostile: EnergyReport, tmp_path: Path) -> None:
        html = written(hostile, tmp_path)[2]
        page = Page(html)
        assert page.open == []
        assert {tag for tag, _ in page.elements} <= TAGS
        assert not {key for _, attrs in page.elements for key in attrs if key.startswith("on")}
        assert page.attributes("src") == []
        for text in HOSTILE:
            shown = " ".join(text.split())
            assert shown in page.shown
        assert str(7 * 191) not in html
        assert all(link.startswith("#") for link in page.attributes("href"))

    def test_hostile_attributes_stay_values(self, hostile: EnergyReport, tmp_path: Path) -> None:
        page = Page(written(hostile, tmp_path)[2])
        labels = " ".join(page.attributes("aria-label"))
        assert HOSTILE[1] in labels
        allowed = (
            "aria-hidden aria-label aria-labelledby class content charset cx cy d fill focusable "
            "height href http-equiv id lang name patternunits r role scope stroke stroke-width "
            "tabindex text-anchor transform width x x1 x2 y y1 y2"
        )
        names = {key for _, attrs in page.elements for key in attrs}
        assert names <= set(allowed.split())

    def test_markdown_cannot_be_broken_out_of(
        self, hostile: EnergyReport, tmp_path: Path, check_rows: Callable[[str], None]
    ) -> None:
        markdown = written(hostile, tmp_path)[1]
        assert "<script" not in markdown
        assert "<img" not in markdown
        assert "](http" not in markdown.replace("\\]", "")
        assert str(7 * 191) not in markdown
        assert not re.search(r"^# heading", markdown, re.MULTILINE)
        check_rows(markdown)

    def test_json_keeps_them_unchanged(self, hostile: EnergyReport, tmp_path: Path) -> None:
        data = written(hostile, tmp_path)[0]
        assert list(data["chips"]) == [HOSTILE[1]]
        assert data["provenance"]["model"] == HOSTILE[0]

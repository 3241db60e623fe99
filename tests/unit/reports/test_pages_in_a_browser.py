"""The pages in Chromium: nothing is fetched, nothing overflows a phone, everything is printed, read and reached.

The pages forbid scripts. What has to be measured inside is measured in copies without that policy, by a script
that leaves its findings in an attribute; the originals are loaded too, for what the browser complains about.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.activity import LayerActivity
from eqspike.core.counts import EventCounts
from eqspike.reports import (
    ComparedSystem,
    build_comparison,
    build_report,
    write_comparison,
    write_report,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed"),
]

REPORTS = Path(__file__).resolve().parents[3] / "energy_reports"
PAGES = {
    "report": REPORTS / "eqspike-100-mnist-0" / "energy.html",
    "comparison": REPORTS / "comparison" / "comparison.html",
    "reproduction": REPORTS.parent / "reproductions" / "seven-algorithms" / "reproduction.html",
}
PROBE = Path(__file__).with_name("page_probe.js")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--enable-logging=stderr",
)  # fmt: skip
DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")


class Finding(HTMLParser):
    """The attribute in which the script leaves what it found."""

    found: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text = dict(attrs).get("data-probe")
        if text is not None:
            self.found = json.loads(text)


def browse(page: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Load a page with a fresh profile; the page as the browser has it is on standard output."""
    assert BROWSER is not None
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=180, check=True
    )


def probe(
    page: Path, folder: Path, *options: str, width: int = 390, printed: bool = False
) -> dict[str, Any]:
    """What the script finds in a copy of the page; `printed` shows it with the styles of print."""
    html = page.read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert html.count(policy) == 1
    html = html.replace(policy, "default-src * 'unsafe-inline'")
    if printed:
        assert "@media print {" in html
        html = html.replace("@media print {", "@media all {")
    script = f"<script>{PROBE.read_text(encoding='utf-8')}</script>"
    # In a frame, for a window is never narrower than 500 pixels.
    inside = escape(html.replace("</body>", f"{script}</body>"))
    style = f"width: {width}px; height: 2000px; border: 0"
    frame = folder / "frame.html"
    frame.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><iframe style="{style}" srcdoc="{inside}"></iframe>',
        encoding="utf-8",
    )
    result = browse(frame, folder, "--window-size=1400,2200", "--dump-dom", *options)
    parser = Finding()
    parser.feed(result.stdout)
    assert parser.found is not None, result.stderr[-2000:]
    assert parser.found["width"] == width
    return parser.found


@pytest.fixture
def long_names(
    tmp_path: Path,
    make_chip: Callable[..., ChipProfile],
    training: EventCounts,
    inference: EventCounts,
) -> tuple[Path, Path]:
    """Both pages with names that no line can hold."""
    name = "W" * 300
    chip = make_chip(name, title=name, about=name, sources={name: name}, includes=(name,))
    activity = {name: LayerActivity(0, 3.0, (1, 2))}
    report = build_report(
        chips=[chip], provenance={"model": name, name: name}, training=training,
        inference=inference, activity=activity,
    )  # fmt: skip
    systems = [
        ComparedSystem(
            name + end,
            {"task": name, "weight_memory": name, "weight_bits": bits},
            training,
            inference,
        )
        for end, bits in (("1", 2), ("2", 8))
    ]
    comparison = build_comparison(systems, [chip])
    return (
        write_report(report, tmp_path / "report")[-1],
        write_comparison(comparison, tmp_path / "comparison")[-1],
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_without_a_complaint(name: str, tmp_path: Path) -> None:
    """No message of the console, which would also tell of anything the policy kept from being fetched."""
    result = browse(PAGES[name], tmp_path, "--dump-dom")
    assert "</html>" in result.stdout
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []


def test_a_complaint_would_be_seen(tmp_path: Path) -> None:
    """So that the test above can fail: an image is refused by the page's policy, and that is reported."""
    html = PAGES["comparison"].read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text(html.replace("</h1>", '<img src="x.png"></h1>', 1), encoding="utf-8")
    result = browse(page, tmp_path, "--dump-dom")
    assert any("CONSOLE" in line for line in result.stderr.splitlines())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_a_phone(name: str, tmp_path: Path) -> None:
    """Nothing is fetched or wider than the page; pictures have words; the keyboard reaches what moves."""
    found = probe(PAGES[name], tmp_path, width=390)
    assert found["fetched"] == []
    assert found["overflowing"] == []
    assert found["pageWidth"] <= 390
    assert found["cutCaptions"] == []
    assert found["brokenWords"] == []
    assert found["silentPictures"] == []
    assert found["unreachable"] == []
    assert found["focusWithoutOutline"] == []
    assert found["skipLinkLeft"] >= 0
    assert found["faint"] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_the_dark(name: str, tmp_path: Path) -> None:
    """The other colours, as readable."""
    found = probe(PAGES[name], tmp_path, *DARK, width=1200)
    assert found["dark"] is True
    assert found["background"] != "rgb(255, 255, 255)"
    assert found["faint"] == []
    assert found["overflowing"] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_printed_page_holds_everything(name: str, tmp_path: Path) -> None:
    """All text is shown but for the links, nothing waits for scrolling, and colours are those of paper."""
    found = probe(PAGES[name], tmp_path, *DARK, width=1200, printed=True)
    assert found["hidden"] == []
    assert found["clipped"] == []
    assert found["background"] == "rgb(255, 255, 255)"
    assert found["faint"] == []
    pdf = tmp_path / "page.pdf"
    browse(PAGES[name], tmp_path, f"--print-to-pdf={pdf}")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_long_names_wrap(long_names: tuple[Path, Path], tmp_path: Path) -> None:
    """A name without a space is broken rather than the page widened."""
    for page in long_names:
        found = probe(page, tmp_path, width=390)
        assert found["overflowing"] == []
        assert found["pageWidth"] <= 390

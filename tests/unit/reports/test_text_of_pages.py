"""What a copy, a search or a reader without styles gets of a page: its text, with spaces where things end."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [*ROOT.glob("energy_reports/*/*.html"), *ROOT.glob("reproductions/*/reproduction.html")]
)
APART = {"small", "td", "th", "dd", "text"}
"""Elements that only a style sheet, or their place in a picture, sets apart from what is before them."""


class Joined(HTMLParser):
    """Collects texts of elements that should stand apart and follow other text of their line without a space."""

    def __init__(self) -> None:
        super().__init__()
        self.before = ""
        self.starts = False
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts = self.starts or tag in APART
        if tag == "br":
            self.before = ""

    def handle_data(self, data: str) -> None:
        if self.starts and self.before[-1:].strip() and data[0].strip():
            self.found.append(self.before[-20:] + "|" + data[:20])
        self.before, self.starts = data, False


def joined(page: str) -> list[str]:
    """Places where two texts run together."""
    parser = Joined()
    parser.feed(page)
    return parser.found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.parent.name)
def test_no_two_texts_run_together(page: Path) -> None:
    """An amount and its interval, a name and its small print, one cell and the next, labels of an axis."""
    assert joined(page.read_text(encoding="utf-8")) == []


def test_joined_texts_are_found() -> None:
    assert joined("<p><strong>12.8 J</strong><small>12.6 J</small></p>") == ["12.8 J|12.6 J"]
    assert joined("<p><strong>12.8 J</strong> <small>12.6 J</small></p>") == []
    assert joined("<svg><text>0</text><text>9</text></svg>") == ["0|9"]

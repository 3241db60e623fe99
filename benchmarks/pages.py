"""Every page of the site in a browser, at two widths, light and dark: what does not fit, and pictures to look at.

    make docs
    python benchmarks/pages.py [--out DIR] [PAGE ...]

In any environment with PySide6, whose browser is Chromium. Says of each page whether it is wider than the window,
and which images are broken; exits with 1 if there is such a page. With --out, each page is drawn to a PNG.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

SITE = Path(__file__).resolve().parents[1] / "docs/_build/html"
WIDTHS, THEMES, HEIGHT, TALLEST = (390, 1280), ("light", "dark"), 900, 4200
SETTLING_MS = 400
"""From a loaded page, or another size, to one that is drawn."""

SEEN = """(() => {
    document.body.dataset.theme = '%s';
    const page = document.documentElement;
    return JSON.stringify({
        wide: page.scrollWidth > page.clientWidth + 1, height: page.scrollHeight,
        broken: [...document.images].filter(each => each.complete && !each.naturalWidth).map(each => each.src),
    });
})()"""


class Reader:
    """Opens one page after the other.

    Args:
        pages: of the site; pictures: folder for drawings, if they are wanted.
    """

    def __init__(self, application: Any, pages: list[Path], pictures: Path | None) -> None:
        self._application, self._pictures = application, pictures
        self._left = list(itertools.product(pages, WIDTHS, THEMES))[::-1]
        self.faults = 0
        self._view = QWebEngineView()
        self._view.loadFinished.connect(self._loaded)
        self._view.show()

    def go_on(self) -> None:
        """The next page, or the end."""
        if not self._left:
            self._application.quit()
            return
        self._page, self._width, self._theme = self._left.pop()
        self._view.resize(self._width, HEIGHT)
        self._view.load(QUrl.fromLocalFile(str(self._page)))

    def _loaded(self, well: bool) -> None:
        if not well:
            self._judge({"wide": False, "broken": ["the page itself"], "height": HEIGHT})
            return
        look = SEEN % self._theme
        run = self._view.page().runJavaScript
        QTimer.singleShot(
            SETTLING_MS, lambda: run(look, 0, lambda seen: self._judge(json.loads(seen)))
        )

    def _judge(self, seen: dict[str, Any]) -> None:
        name = f"{self._page.relative_to(SITE)}, {self._width} px, {self._theme}"
        for fault in ["wider than the window"] * seen["wide"] + seen["broken"]:
            self.faults += 1
            print(f"{name}: {fault}", flush=True)
        if self._pictures is None:
            self.go_on()
            return
        self._view.resize(self._width, min(seen["height"], TALLEST))
        QTimer.singleShot(SETTLING_MS, self._draw)

    def _draw(self) -> None:
        stem = "-".join(self._page.relative_to(SITE).with_suffix("").parts)
        self._view.grab().save(str(self._pictures / f"{stem}-{self._width}-{self._theme}.png"))
        self.go_on()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, help="folder for pictures of the pages")
    parser.add_argument("pages", nargs="*", help="such as results.html (default: all)")
    options = parser.parse_args()
    pages = [SITE / name for name in options.pages] or sorted(SITE.rglob("*.html"))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    application = QApplication(sys.argv[:1])
    reader = Reader(application, pages, options.out)
    QTimer.singleShot(0, reader.go_on)
    application.exec()
    views = len(pages) * len(WIDTHS) * len(THEMES)
    print(f"{len(pages)} pages, {views} views, {reader.faults} faults")
    return 1 if reader.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Files that documents name exist, from the root of the checkout or of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "docs/tutorials", "docs/reference")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))),
]
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yaml|md|cfg|toml))`")
GIVEN = re.compile(r"[A-Z]{2,}")
"""Part of a path that stands for a name of one's own, such as `rules/NAME.py`."""

MADE = ("runs/", "checkpoints/", "deployment/", "plots/", "energy_reports/", "RUN/", "energy/")
"""Beginnings of paths that commands make."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(document: Path) -> None:
    named = set(NAMED.findall(document.read_text(encoding="utf-8")))
    wanted = {path for path in named if not GIVEN.search(path) and not path.startswith(MADE)}
    missing = {
        path
        for path in wanted
        if not any((root / path).is_file() for root in (ROOT, ROOT / "eqspike"))
    }
    assert missing == set()

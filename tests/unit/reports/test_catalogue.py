"""The catalogue page: generated, complete, and no table that breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eqspike import library
from eqspike.chips import ChipProfile, load_profile
from eqspike.reports.catalogue import catalogue, main

PAGE = Path(__file__).resolve().parents[3] / "docs" / "chips.md"


@pytest.fixture(scope="module")
def profiles() -> list[ChipProfile]:
    return [load_profile(name) for name in library.names("chips")]


@pytest.fixture(scope="module")
def page(profiles: list[ChipProfile]) -> str:
    return catalogue(profiles)


def test_the_page_of_this_project_follows_from_the_profiles(page: str) -> None:
    """`make reports` writes it: run that after a change of a profile."""
    assert PAGE.read_text(encoding="utf-8") == page


def test_the_command_writes_it(page: str, tmp_path: Path) -> None:
    assert main([str(tmp_path / "chips.md")]) == 0
    assert (tmp_path / "chips.md").read_text(encoding="utf-8") == page
    assert main([]) == 2
    assert main([str(tmp_path / "chips.md" / "folder.md")]) == 2


def test_every_chip_has_a_section_and_every_link_leads_to_one(
    page: str, profiles: list[ChipProfile]
) -> None:
    sections = set(re.findall(r"^## (\S+)$", page, re.MULTILINE))
    links = set(re.findall(r"\]\(#([^)]*)\)", page))
    assert links == {profile.name for profile in profiles}
    assert links <= sections


def test_references_stand_apart(page: str) -> None:
    """Processors come after the chips, in a table of their own."""
    chips, references = page.split("References: processors", 1)
    assert "[loihi1]" in chips
    assert "[h100]" not in chips
    assert "[h100]" in references


def test_conflicts_are_named_with_both_values(page: str) -> None:
    row = next(line for line in page.splitlines() if line.startswith("| spinnaker |"))
    assert "296" in row
    assert "45.0\u00a0pJ" in row
    assert "13.3\u00a0nJ" in row


def test_tables_have_equal_rows(page: str) -> None:
    bars = 0
    for line in page.splitlines():
        found = len(re.findall(r"(?<!\\)\|", line))
        if not line.startswith("|"):
            bars = 0
        elif bars:
            assert found == bars, line
        else:
            bars = found

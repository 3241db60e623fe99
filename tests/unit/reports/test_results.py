"""The page of all results: generated, with nothing on it that no table holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eqspike.core.errors import ConfigError
from eqspike.reports.markdown import render_markdown
from eqspike.reports.reproduction import SCHEMA, part_words, reproduction_document, spread_words
from eqspike.reports.results import main, read_tables, results_document

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "results.md"
ENERGY = {"low": 1e-6, "typical": 2e-6, "high": 4e-6}


def energies(lower_bound: bool) -> dict[str, Any]:
    """Of a point on one chip, as a sweep has them."""
    bounds = {"inference_j": lower_bound, "training_sample_j": False}
    return {"inference_j": ENERGY, "training_sample_j": None, "lower_bound": bounds}


def row(**changes: Any) -> dict[str, Any]:
    """A row that was done with two of three seeds."""
    found = {
        "name": "C-EP | wide",
        "model": "cep-512",
        "task": "mnist",
        "metric": "accuracy",
        "published": {"accuracy": 97.5, "deviation": None, "source": "book", "note": "larger."},
        "whole": {"epochs": 10, "samples": 60_000, "test_samples": 10_000, "stages": 1},
        "part": {"epochs": 1, "samples": 2_300, "test_samples": 2_300, "stages": 1},
        "runs": [
            {"seed": 0, "value": 0.9, "why": ""},
            {"seed": 1, "value": 0.92, "why": ""},
            {"seed": 2, "value": None, "why": "left out, 1 minute is too short"},
        ],
        "value": {"mean": 0.91, "low": 0.9, "high": 0.92, "deviation": 0.014, "seeds": 2},
        "train_samples_per_second": 1234.5,
        "test_samples_per_second": None,
        "messages": "values",
        "weights": 407_050,
        "operations": {"inference": 400_000.0, "training": 900_000.0},
        "writes": 1.5,
        "chips": {"loihi1": energies(True)},
        "command": "eqspike train cep-512 mnist --seed 0 --set 'layers=[784, 8, 10]'",
    }
    return found | changes


def table(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": "c-ep",
        "title": "C-EP",
        "about": "For tests.",
        "sources": {"book": {"citation": "A. Author, A Book, 2020", "read": "text"}},
        "claims": [{"text": "All is well.", "source": "book"}],
        "chips": ["loihi1"],
        "budget": {"minutes": 1.5, "workers": 2},
        "rows": list(rows),
        "answers": [
            {
                "text": "Is wider better?",
                "row": "C-EP | wide",
                "than": "C-EP",
                "within": None,
                "points": [1.0, -0.5],
                "verdict": "undecided",
            }
        ],
        "measures": [],
        "left": [{"row": "C-EP | wide", "seed": 2, "why": "left out, 1.5 minutes are too short"}],
        "failed": [],
    }


def test_the_page_of_this_project_follows_from_its_tables() -> None:
    """`make reports` writes it."""
    page = render_markdown(results_document(read_tables(ROOT / "reproductions")))
    assert PAGE.read_text(encoding="utf-8") == page


def test_a_row_says_what_was_done_and_what_it_costs(check_rows: Callable[[str], None]) -> None:
    page = render_markdown(results_document([table(row())]))
    check_rows(page)
    said_of_it = "\n".join(line for line in page.splitlines() if line.startswith(r"| C-EP \| wide"))
    for said in (
        "| cep-512 | mnist |", "**91.00 %**", "1 of 10 epochs, 2,300 of 60,000 samples; tested on 2,300",
        "| values |", "| 1 230 |",
        "900 000", "| ≥ 2.00 µJ (1.00 – 4.00 µJ)", "not modelled", "`eqspike train cep-512 mnist --seed 0 --set",
        r"C-EP \| wide",
    ):  # fmt: skip
        assert said in said_of_it.replace("\u202f", " ").replace("\u00a0", " "), said
    assert "97.5 % (book)" in page
    assert "| Is wider better? | **undecided** | +0.25 (-0.50 to +1.00) | 2 |" in page
    assert "2 of 3" in page
    assert "90.00 % – 92.00 %" in page
    assert "`eqspike reproduce c-ep --budget 1.5 --workers 2`" in page
    assert "- book: A. Author, A Book, 2020 (read: text)" in page


def test_what_is_no_lower_bound_is_not_marked(check_rows: Callable[[str], None]) -> None:
    whole = row(chips={"loihi1": energies(False)})
    page = render_markdown(results_document([table(whole)]))
    check_rows(page)
    assert "| 2.00 µJ (1.00 – 4.00 µJ)" in page.replace("\u00a0", " ")
    assert "| ≥" not in page


def test_what_was_not_done_has_no_numbers() -> None:
    nothing = row(
        value=None, part=None, published=None, train_samples_per_second=None, operations=None, writes=None,
        chips=None, messages=None, runs=[{"seed": 0, "value": None, "why": "no data"}],
    )  # fmt: skip
    data = table(nothing)
    document = render_markdown(reproduction_document(data))
    assert r"| C-EP \| wide | mnist |  | **–** |  | 0 of 1 | none |" in document
    assert "cep-512" not in render_markdown(results_document([data])).split("## C-EP")[0]


def test_words() -> None:
    assert part_words(row(part=row()["whole"])) == "10 epochs, 60,000 samples"
    assert spread_words(row(value=row()["value"] | {"seeds": 1})) == ""


def test_pages_that_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="holds no table"):
        read_tables(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "reproduction.json").write_text(json.dumps({"schema": "other"}))
    with pytest.raises(ConfigError, match="schema must be 'eqspike-reproduction-1'"):
        read_tables(tmp_path)
    damaged = {key: value for key, value in table(row()).items() if key != "answers"}
    (tmp_path / "one" / "reproduction.json").write_text(json.dumps(damaged))
    with pytest.raises(ConfigError, match="answers"):
        read_tables(tmp_path)
    (tmp_path / "one" / "reproduction.json").write_text(json.dumps({"schema": "other"}))
    assert main([]) == 2
    assert main([str(tmp_path), str(tmp_path / "page.md")]) == 2
    assert "schema must be" in capsys.readouterr().err

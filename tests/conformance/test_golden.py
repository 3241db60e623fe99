"""What every model learns in every engine stays what it was, to the last bit where no processor decides it.

`benchmarks/golden.py` says how rows are measured and written anew. Rows of compiled kernels, Brian2 and Lava are
bit-exact on every processor; those with sums inside matrix products are compared by statistics.
"""

from __future__ import annotations

import importlib.util
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GOLDEN: dict[str, Any] = runpy.run_path(str(HERE.parents[1] / "benchmarks" / "golden.py"))
DIGESTS: dict[str, Any] = json.loads((HERE / "golden.json").read_text())
SUMMARIES: dict[str, Any] = json.loads((HERE / "golden_summaries.json").read_text())
STORED = {**DIGESTS, **SUMMARIES}
PACKAGES = {"torch": "torch", "brian2": "brian2", "lava": "lava"}
QUICK = {
    "fast": "eqspike",
    "fast-int": "eqspike-digits-chip",
    "lava:fused": "eqspike-digits-online",
    "torch": "ep-digits-events",
}
"""By engine, models of which rows are run every time; the others take minutes together."""


def quick(row: str) -> bool:
    engine, model, *_ = row.split()
    return engine in QUICK and model.startswith(QUICK[engine]) and "=" not in row


RAN = sorted(row for row, stored in STORED.items() if "refused" not in stored)
REFUSED = sorted(row for row, stored in STORED.items() if "refused" in stored)


def skip_without_package(row: str) -> None:
    package = PACKAGES.get(row.split(":")[0].split()[0])
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=[] if quick(row) else [pytest.mark.slow]) for row in RAN]
)
def test_a_row_learns_what_it_learnt(row: str, tmp_path: Path) -> None:
    skip_without_package(row)
    found = GOLDEN["measure"](row, tmp_path, summaries=row in SUMMARIES)
    assert GOLDEN["differences"](STORED[row], found) == []


@pytest.mark.parametrize("engine", sorted({row.split()[0] for row in REFUSED}))
@pytest.mark.slow
def test_what_was_refused_still_is(engine: str, tmp_path: Path) -> None:
    skip_without_package(engine)
    for number, row in enumerate(row for row in REFUSED if row.split()[0] == engine):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert GOLDEN["measure"](row, folder) == STORED[row], row


def test_rows_are_stored_in_the_form_that_suits_them() -> None:
    assert set(STORED) <= set(GOLDEN["rows"]())
    assert {row: GOLDEN["varies"](row) for row in STORED} == {
        **dict.fromkeys(DIGESTS, False),
        **dict.fromkeys(SUMMARIES, True),
    }


def test_rows_that_differ_are_told() -> None:
    stored = {"train": 3, "w": {"mean": 0.0, "rms": 1.0}, "training": {"free hidden": 1000}}
    same = {"train": 3, "w": {"mean": 0.01, "rms": 1.01}, "training": {"free hidden": 1010}}
    other = {"train": 4, "w": {"mean": 0.03, "rms": 1.0}, "training": {"free hidden": 900}}
    assert GOLDEN["differences"](stored, same) == []
    assert GOLDEN["differences"](stored, other) == ["train", "training", "w"]
    assert GOLDEN["differences"]({"w": "a", "b": "c"}, {"w": "b"}) == ["b", "w"]

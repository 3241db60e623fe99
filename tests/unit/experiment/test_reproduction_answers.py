"""Questions of a paper's table are answered seed by seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eqspike.experiment.reproduction.data import Outcome, table_data
from eqspike.experiment.reproduction.jobs import Job, Part
from eqspike.experiment.reproduction.tables import Question, Row, load_table


@pytest.mark.parametrize(
    ("first", "second", "within", "verdict"),
    [
        ([0.9, 0.92], [0.8, 0.85], None, "yes"),
        ([0.8, 0.85], [0.9, 0.92], None, "no"),
        ([0.9, 0.8], [0.8, 0.9], None, "undecided"),
        ([0.9, 0.8], [0.8, 0.9], 0.5, "yes"),
        ([0.9, 0.91], [0.88, 0.88], 2.0, "no"),
        ([], [0.9], None, "not measured"),
    ],
)
def test_answers(
    first: list[float], second: list[float], within: float | None, verdict: str
) -> None:
    """Seed by seed; rows that were trained for different lengths are not compared."""
    table = load_table("eqspike-mnist")
    one, other, *_ = table.rows
    question = Question("?", one.name, other.name, within)
    asked = replace(table, rows=(one, other), questions=(question,))
    part = Part(1, 100, 10)

    def outcomes(row: Row, values: list[float], part: Part) -> list[Outcome]:
        jobs = [Job("t", row, seed, seed, part, part) for seed in range(len(values))]
        return [Outcome(job, finding_of(value)) for job, value in zip(jobs, values, strict=True)]

    def answer(part_of_other: Part) -> dict[str, Any]:
        found = [*outcomes(one, first, part), *outcomes(other, second, part_of_other)]
        missing = [Outcome(Job("t", row, 9, 9), None, "left") for row in (one, other)]
        (said,) = table_data(asked, [*found, *missing], None)["answers"]
        return said

    assert answer(part)["verdict"] == verdict
    if first:
        assert answer(replace(part, samples=50))["verdict"] == "trained for different lengths"


def finding_of(value: float) -> dict[str, Any]:
    """What a run found, but for its accuracy empty."""
    return {
        "metric": "accuracy", "value": value, "train_samples_per_second": 1.0,
        "test_samples_per_second": 1.0, "measures": {},
    }  # fmt: skip

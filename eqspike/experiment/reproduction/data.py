"""What was found of a table, as plain data of schema `eqspike-reproduction-1`: what documents are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median, stdev
from typing import Any

from eqspike.experiment.reproduction.budget import Budget
from eqspike.experiment.reproduction.jobs import CHIPS, Job
from eqspike.experiment.reproduction.tables import PaperTable, Question, Row
from eqspike.reports.reproduction import SCHEMA


@dataclass(frozen=True)
class Outcome:
    """What became of a job: a finding, or why there is none.

    Attributes:
        failed: whether it went wrong, and is not only left to do.
    """

    job: Job
    found: Mapping[str, Any] | None
    why: str = ""
    failed: bool = False


def table_data(
    table: PaperTable, outcomes: Sequence[Outcome], budget: Budget | None
) -> dict[str, Any]:
    """All of a table; equal findings give equal data, but for the machine's pace."""
    by_row = {
        row.name: sorted(
            (each for each in outcomes if each.job.row.name == row.name),
            key=lambda each: each.job.rank,
        )
        for row in table.rows
    }
    return {
        "schema": SCHEMA,
        "name": table.name,
        "title": table.title,
        "about": table.about,
        "sources": {key: asdict(source) for key, source in table.sources.items()},
        "claims": [asdict(claim) for claim in table.claims],
        "chips": list(CHIPS),
        "budget": asdict(budget) if budget else None,
        "rows": [_row(row, by_row[row.name]) for row in table.rows if row.trained and row.model],
        "answers": [_answer(question, by_row) for question in table.questions],
        "measures": _measures(table, by_row),
        "left": [_reason(each) for each in outcomes if each.found is None and not each.failed],
        "failed": [_reason(each) for each in outcomes if each.failed],
    }


def _reason(outcome: Outcome) -> dict[str, Any]:
    return {"row": outcome.job.row.name, "seed": outcome.job.seed, "why": outcome.why}


def _row(row: Row, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    found = [each.found for each in outcomes if each.found is not None]
    job = next((each.job for each in outcomes if each.found is not None), outcomes[0].job)
    values = [each["value"] for each in found]
    first = found[0] if found else {}
    return {
        "name": row.name,
        "model": row.model,
        "task": row.task,
        "metric": first.get("metric"),
        "published": None if row.published is None else asdict(row.published),
        "whole": None if job.whole is None else asdict(job.whole),
        "part": None if job.part is None or not found else asdict(job.part),
        "runs": [
            {"seed": each.job.seed, "value": each.found and each.found["value"], "why": each.why}
            for each in outcomes
        ],
        "value": _spread(values) if values else None,
        "train_samples_per_second": _median(found, "train_samples_per_second"),
        "test_samples_per_second": _median(found, "test_samples_per_second"),
        **{key: first.get(key) for key in ("messages", "weights", "operations", "writes", "chips")},
        "command": job.command,
    }


def _answer(question: Question, by_row: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    """Differences in percentage points over the seeds that both rows have, and the verdict on them."""
    first, second = (
        {each.job.seed: each for each in by_row[name] if each.found is not None}
        for name in (question.row, question.than)
    )
    seeds = [seed for seed in first if seed in second]
    alike = all(first[seed].job.part == second[seed].job.part for seed in seeds)
    found = [100.0 * (_value(first[seed]) - _value(second[seed])) for seed in seeds]
    return {
        **asdict(question),
        "points": found if alike else [],
        "verdict": _verdict(question, found) if alike else "trained for different lengths",
    }


def _verdict(question: Question, points: Sequence[float]) -> str:
    if not points:
        return "not measured"
    if question.within is not None:
        return "yes" if abs(mean(points)) <= question.within else "no"
    if all(each > 0 for each in points):
        return "yes"
    return "no" if all(each < 0 for each in points) else "undecided"


def _value(outcome: Outcome) -> float:
    assert outcome.found is not None
    return float(outcome.found["value"])


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "mean": mean(values),
        "low": min(values),
        "high": max(values),
        "deviation": stdev(values) if len(values) > 1 else None,
        "seeds": len(values),
    }


def _median(found: Sequence[Mapping[str, Any]], key: str) -> float | None:
    known = [each[key] for each in found if each[key] is not None]
    return median(known) if known else None


def _measures(table: PaperTable, by_row: Mapping[str, Sequence[Outcome]]) -> list[dict[str, Any]]:
    """A table for each measure: all rows that it was taken of, with median, least and largest over seeds."""
    titles = {name: each.title for row in table.rows for name, each in row.measures.items()}
    return [
        {
            "measure": name,
            "title": title,
            "rows": [
                line
                for row in table.rows
                if name in row.measures
                for line in _lines(row, name, by_row[row.name])
            ],
        }
        for name, title in titles.items()
    ]


def _lines(row: Row, name: str, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    taken = [each.found["measures"][name] for each in outcomes if each.found is not None]
    lines = []
    for label in dict.fromkeys(label for rows in taken for label in rows):
        rows = [each[label] for each in taken if label in each]
        columns = dict.fromkeys(column for each in rows for column in each)
        values = {column: [each[column] for each in rows if column in each] for column in columns}
        lines.append(
            {
                "row": row.name,
                "name": label,
                "seeds": len(rows),
                "values": {
                    column: {"median": median(of), "low": min(of), "high": max(of)}
                    for column, of in values.items()
                },
            }
        )
    return lines

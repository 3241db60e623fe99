"""`eqspike reproduce`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.analysis.style import figures_as
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.experiment.reproduction import Budget, PaperTable, load_table, reproduce_into
from eqspike.experiment.reproduction.data import Outcome
from eqspike.experiment.reproduction.whole import ALL
from eqspike.experiment.sweep.running import check_workers
from eqspike.reports.reproduction import part_words, published_words, value_words
from eqspike.reports.undone import undone_lines

INTERRUPTED = 130


def reproduce_tables(options: argparse.Namespace) -> int:
    """Run a paper's table again, or list the tables; 1 if a run went wrong."""
    if options.list or options.name is None:
        return _list(options)
    fleet = check_workers(options.workers, options.scheduler)
    try:
        with figures_as(options.format):
            found, files = reproduce_into(
                Path(options.out),
                options.name,
                fleet,
                _budget(options),
                _follow,
                force=options.force,
            )
    except KeyboardInterrupt:
        message("stopped; the same command continues from the checkpoints")
        return INTERRUPTED
    if options.json:
        print_json({"tables": list(found), "files": [str(path) for path in files]})
    else:
        for data in found:
            _print(data)
        print(f"\n{'  '.join(str(path) for path in files if path.suffix == '.html')}")
    return 1 if any(data["failed"] for data in found) else 0


def _budget(options: argparse.Namespace) -> Budget | None:
    if options.budget is None:
        return None
    if options.scheduler is not None:
        raise ConfigError(
            "--budget counts the processors of this machine; with --scheduler leave it out"
        )
    return Budget.here(options.budget, options.workers)


def _list(options: argparse.Namespace) -> int:
    tables = [load_table(name) for name in library.names("tables")]
    if options.json:
        print_json({"tables": {table.name: _entry(table) for table in tables}})
        return 0
    rows = [
        (t.name, str(len(t.rows)), str(sum(len(r.seeds) for r in t.rows)), t.title) for t in tables
    ]
    print_table(("table", "rows", "runs", ""), [*rows, (ALL, "", "", "every table")])
    return 0


def _entry(table: PaperTable) -> dict[str, Any]:
    return {
        "title": table.title,
        "rows": [{"name": row.name, "seeds": list(row.seeds)} for row in table.rows],
    }


def _follow(outcome: Outcome, left: int) -> None:
    job = outcome.job
    value = (outcome.found or {}).get("value")
    said = outcome.why or ("measured" if value is None else f"{100 * value:.2f} %")
    message(f"{job.table}, {job.row.name}, seed {job.seed}: {said} ({left} to come)")


def _print(data: dict[str, Any]) -> None:
    print(f"\n{data['title']}")
    if data["rows"]:
        rows = [
            (row["name"], row["task"], published_words(row), value_words(row), part_words(row))
            for row in data["rows"]
        ]
        print_table(("row", "task", "published", "here", "training done"), rows)
    for measure in data["measures"]:
        print(f"\n{measure['title']}:")
        names = list(dict.fromkeys(name for row in measure["rows"] for name in row["values"]))
        lines = [
            (": ".join(filter(None, (row["row"], row["name"]))),
             *(f"{row['values'][n]['median']:.4g}" if n in row["values"] else "" for n in names))
            for row in measure["rows"]
        ]  # fmt: skip
        print_table(("", *names), lines)
    for key, lead in (("failed", "went wrong, "), ("left", "")):
        for line in undone_lines(data[key]):
            print(f"{lead}{line}")

"""All reproduced tables as one page: `python -m eqspike.reports.results reproductions docs/results.md`.

Everything on it comes from the `reproduction.json` of each table; what nobody measured has no way in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from eqspike.core.errors import ConfigError, EqspikeError
from eqspike.core.files import write_bytes
from eqspike.reports import document as doc
from eqspike.reports.inputs import following_schema, read_object
from eqspike.reports.markdown import render_markdown
from eqspike.reports.reproduction import (
    BOUNDS,
    NAME,
    OPERATIONS,
    PACE_COLUMNS,
    PACES,
    SCHEMA,
    Data,
    accuracy_parts,
    claim_parts,
    command_table,
    cost_cells,
    cost_columns,
    measure_tables,
    pace_cells,
    part_words,
    reproduction_document,
    source_pairs,
    value_words,
)
from eqspike.reports.undone import undone_parts

LEAD = (
    "Written by make reports from the tables of reproductions/, which eqspike reproduce writes; edit neither. "
    "Trainings are as long as each row says: most are a small part of the whole, so accuracies show an order, not "
    "what is reached. Trainings to the end, speed beside other code, precision and the rest that was measured by "
    "hand: "
)
GUIDES = (
    "eqspike.md",
    "rate-ep.md",
    "binary-ep.md",
    "conv-ep.md",
    "baselines.md",
    "echo.md",
    "energy-blocks.md",
)


def read_tables(folder: Path) -> tuple[Data, ...]:
    """The data of all tables below a folder, by name.

    Raises:
        ConfigError: if there is none, or one does not follow the schema.
    """
    paths = sorted(folder.glob(f"*/{NAME}.json"))
    if not paths:
        raise ConfigError(
            f"{folder}: holds no table; 'eqspike reproduce all --out {folder}' writes them"
        )
    found = []
    for path in paths:
        data = read_object(path, (SCHEMA,))
        with following_schema(path):
            reproduction_document(data)
        found.append(data)
    return tuple(found)


def results_document(tables: Sequence[Data]) -> doc.Document:
    """The page."""
    guides = [part for name in GUIDES for part in (doc.Run(name, "link", name), ", ")][:-1]
    sections = [doc.Section("all", "Every system", tuple(_overview(tables)))]
    sections += [doc.Section(data["name"], data["title"], tuple(_table(data))) for data in tables]
    cited = {key: of for data in tables for key, of in data["sources"].items()}
    sections.append(doc.Section("sources", "Sources", (source_pairs(dict(sorted(cited.items()))),)))
    return doc.Document(
        "results", {}, "Results", (doc.Paragraph((LEAD, *guides, ".")),), tuple(sections)
    )


def _overview(tables: Sequence[Data]) -> Iterator[doc.Part]:
    """Every learner on every task: accuracy and pace; operations and energy; command."""
    chips = list(dict.fromkeys(chip for data in tables for chip in data["chips"]))
    rows = [row for data in tables for row in data["rows"] if row["value"] is not None]
    columns = (
        doc.Column("row", given=True), *doc.texts("model", "task"), doc.Column("accuracy", True),
        doc.Column("training done"), *PACE_COLUMNS,
    )  # fmt: skip
    reached = tuple(
        (
            row["name"], row["model"], row["task"], doc.Run(value_words(row), "strong"), part_words(row),
            *pace_cells(row),
        )
        for row in rows
    )  # fmt: skip
    costs = tuple((row["name"], *cost_cells(row, chips)) for row in rows)
    yield doc.Table("Accuracy and pace", columns, reached, "wide")
    yield doc.Paragraph((PACES,))
    yield doc.Table(
        "Operations and energy",
        (doc.Column("row", given=True), *cost_columns(chips)),
        costs,
        "wide",
    )
    yield doc.Paragraph((OPERATIONS, " ", BOUNDS))
    yield command_table(rows)


def _table(data: Data) -> Iterator[doc.Part]:
    yield doc.Paragraph((data["about"],))
    yield from claim_parts(data)
    yield doc.Paragraph((doc.Run(f"eqspike reproduce {data['name']}{_budget(data)}", "kbd"),))
    done = [row for row in data["rows"] if row["value"] is not None]
    answers = [answer for answer in data["answers"] if answer["points"]]
    if done:
        yield from accuracy_parts({**data, "rows": done, "answers": answers})
    yield from measure_tables(data)
    yield from undone_parts(data)


def _budget(data: Data) -> str:
    budget = data["budget"]
    if budget is None:
        return ""
    return f" --budget {budget['minutes']:g} --workers {budget['workers']}"


def main(arguments: list[str]) -> int:
    """Entry point; exit status 2 on wrong use or input."""
    if len(arguments) != 2:
        print("usage: python -m eqspike.reports.results FOLDER FILE", file=sys.stderr)
        return 2
    try:
        page = render_markdown(results_document(read_tables(Path(arguments[0]))))
        write_bytes(Path(arguments[1]), page.encode())
    except EqspikeError as error:
        print(f"eqspike: error: {error}", file=sys.stderr)
        return 2
    print(arguments[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

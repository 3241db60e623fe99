"""A paper's table beside the runs that give it again, as a document; made from data of `SCHEMA` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.core.quantities import Interval
from eqspike.core.showing import counted
from eqspike.energy import text
from eqspike.reports import document as doc
from eqspike.reports.files import write_document
from eqspike.reports.undone import undone_parts

SCHEMA = "eqspike-reproduction-1"
NAME = "reproduction"
"""Of the files."""

Data = Mapping[str, Any]

BOUNDS = (
    "Energies are events counted in simulation times published energies per event; nothing was measured on a "
    "chip. ≥ marks a lower bound, where a profile has no figure for something that costs energy. h100 is a bound "
    "from rated power at peak rate."
)
OPERATIONS = (
    "An operation is one spike, change or value (as sent) that reaches one synapse: of values, a "
    "multiply-accumulate. Event-driven chips send no values: there each product is priced as if it were an event."
)
PACE_COLUMNS = doc.numbers("training samples/s", "test samples/s")
PACES = "Samples a second are medians over seeds, of one worker on the machine that ran them, beside other work."


def write_reproduction(data: Data, folder: Path) -> tuple[Path, Path, Path]:
    """Write `reproduction.json`, `.md` and `.html`; returns their paths in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    return write_document(reproduction_document(data), folder)


def reproduction_document(data: Data) -> doc.Document:
    """The table as a document."""
    sections = [
        doc.Section("table", "Table", tuple(accuracy_parts(data)), "Table")
        if data["rows"]
        else None,
        doc.Section("measured", "Measured beside", tuple(measure_tables(data)), "Measured")
        if any(measure["rows"] for measure in data["measures"])
        else None,
        doc.Section("cost", "Cost", cost_parts(data["rows"], data["chips"]), "Cost")
        if any(row["operations"] for row in data["rows"])
        else None,
        doc.Section("commands", "Commands", (command_table(data["rows"]),))
        if data["rows"]
        else None,
        doc.Section("left", "Not done", tuple(undone_parts(data)))
        if data["left"] or data["failed"]
        else None,
        doc.Section("sources", "Sources", (source_pairs(data["sources"]),))
        if data["sources"]
        else None,
    ]
    return doc.Document(
        NAME, data, data["title"], tuple(_lead(data)), tuple(filter(None, sections))
    )


def accuracy_parts(data: Data) -> Iterator[doc.Part]:
    """Published and own accuracy, and what part of the training was done."""
    columns = (
        doc.Column("row", given=True), doc.Column("task"), doc.Column("published", True), doc.Column("here", True),
        doc.Column("lowest and highest", True), doc.Column("seeds", True), doc.Column("training done"),
    )  # fmt: skip
    rows = tuple(
        (
            row["name"], row["task"], published_words(row), doc.Run(value_words(row), "strong"),
            spread_words(row), _seeds(row), part_words(row),
        )
        for row in data["rows"]
    )  # fmt: skip
    yield doc.Table(
        "Accuracy on the test set after the last epoch, means over seeds", columns, rows, "wide"
    )
    for row in data["rows"]:
        if row["published"] and row["published"]["note"]:
            yield doc.Paragraph((f"{row['name']}: {row['published']['note']}",), "note")
    yield from answer_table(data)


def claim_parts(data: Data) -> Iterator[doc.Paragraph]:
    """What papers say in words."""
    for claim in data["claims"]:
        source = doc.Run(f"({claim['source']})", "soft")
        yield doc.Paragraph((f"Published: {claim['text']} ", source))


def answer_table(data: Data) -> Iterator[doc.Part]:
    """What the rows say to the table's questions."""
    rows = tuple(
        (
            each["text"],
            doc.Run(each["verdict"], "strong"),
            points_words(each),
            str(len(each["points"])),
        )
        for each in data["answers"]
    )
    if rows:
        columns = (*doc.texts("question", "answer"), *doc.numbers("difference in points", "seeds"))
        yield doc.Table("Questions, answered seed by seed", columns, rows, "wide")


def points_words(answer: Data) -> str:
    """Mean difference, and the least and largest over seeds."""
    points = answer["points"]
    if not points:
        return ""
    middle = f"{sum(points) / len(points):+.2f}"
    return middle if len(points) == 1 else f"{middle} ({min(points):+.2f} to {max(points):+.2f})"


def measure_tables(data: Data) -> Iterator[doc.Part]:
    """One table for each kind of measurement."""
    for measure in data["measures"]:
        if not measure["rows"]:
            continue
        columns = list(dict.fromkeys(name for row in measure["rows"] for name in row["values"]))
        rows = tuple(
            (
                ": ".join(filter(None, (row["row"], row["name"]))), str(row["seeds"]),
                *(_value(row["values"].get(name)) for name in columns),
            )
            for row in measure["rows"]
        )  # fmt: skip
        yield doc.Table(
            f"{measure['title']}: median over seeds (lowest to highest)",
            (doc.Column("row", given=True), *doc.numbers("seeds", *columns)), rows, "wide",
        )  # fmt: skip


def cost_parts(rows: Sequence[Data], chips: Sequence[str]) -> tuple[doc.Part, ...]:
    """Pace, operations and energy of each row, and how to read them."""
    lines = tuple(
        (row["name"], *pace_cells(row), *cost_cells(row, chips))
        for row in rows
        if row["operations"]
    )
    columns = (doc.Column("row", given=True), *PACE_COLUMNS, *cost_columns(chips))
    table = doc.Table("Pace, operations and energy", columns, lines, "wide")
    return table, doc.Paragraph((OPERATIONS, " ", BOUNDS, " ", PACES))


def pace_cells(row: Data) -> tuple[doc.Inline, ...]:
    """Texts of one row below `PACE_COLUMNS`."""
    return _pace(row["train_samples_per_second"]), _pace(row["test_samples_per_second"])


def cost_columns(chips: Sequence[str]) -> tuple[doc.Column, ...]:
    """Of the cells that `cost_cells` gives."""
    pairs = [f"{chip}, {what}" for chip in chips for what in ("inference", "training sample")]
    return (
        doc.Column("sent"),
        *doc.numbers(
            "operations per inference", "operations per training sample", "weight writes per training sample",
            *pairs,
        ),
    )  # fmt: skip


def cost_cells(row: Data, chips: Sequence[str]) -> tuple[doc.Inline, ...]:
    """Texts of one row."""
    operations, energies = row["operations"], row["chips"] or {}
    priced = (
        energy_words(energies.get(chip, {}), key)
        for chip in chips
        for key in ("inference_j", "training_sample_j")
    )
    return (
        row["messages"],
        text.count(operations["inference"]), text.count(operations["training"]), text.count(row["writes"]),
        *priced,
    )  # fmt: skip


def command_table(rows: Sequence[Data]) -> doc.Table:
    """What gives each row's first seed again."""
    lines = tuple((row["name"], doc.Run(row["command"], "kbd")) for row in rows)
    columns = (doc.Column("row", given=True), doc.Column("command"))
    title = (
        "The first seed of each row again, bit for bit (what PyTorch computes: on as many threads)"
    )
    return doc.Table(title, columns, lines, "wide")


def value_words(row: Data) -> str:
    """Mean over seeds; accuracies in percent."""
    value = row["value"]
    return "–" if value is None else _amount(value["mean"], row["metric"])


def spread_words(row: Data) -> str:
    """Lowest and highest over seeds, where there are several."""
    value = row["value"]
    if value is None or value["seeds"] < 2:
        return ""
    return f"{_amount(value['low'], row['metric'])} – {_amount(value['high'], row['metric'])}"


def published_words(row: Data) -> str:
    """The paper's figure with its source, or nothing."""
    published = row["published"]
    if published is None:
        return ""
    deviation = published["deviation"]
    spread = "" if deviation is None else f" ± {deviation:g}"
    return f"{published['accuracy']:g}{spread} % ({published['source']})"


def part_words(row: Data) -> str:
    """What was done of the whole training, such as `1 of 8 epochs, 2,000 of 60,000 samples`."""
    part, whole = row["part"], row["whole"]
    if part is None or whole is None:
        return "none"
    samples = _of("samples", part["samples"], whole["samples"])
    said = f"{_of('epochs', part['epochs'], whole['epochs'])}, {samples}"
    tested = part["test_samples"]
    return said if tested == whole["test_samples"] else f"{said}; tested on {tested:,}"


def energy_words(energies: Mapping[str, Any], quantity: str) -> str:
    """Typical joules on a chip and their interval; a lower bound is marked, as in every report of energy."""
    energy = energies.get(quantity)
    if energy is None:
        return "not modelled"
    sign = "≥\u00a0" if energies["lower_bound"][quantity] else ""
    amount = text.amount(Interval(energy["low"], energy["typical"], energy["high"]), sign=sign)
    return f"{amount.typical} ({amount.interval})" if amount.interval else amount.typical


def _lead(data: Data) -> Iterator[doc.Paragraph]:
    if data["about"]:
        yield doc.Paragraph((data["about"],))
    yield from claim_parts(data)
    budget = data["budget"]
    if budget:
        yield doc.Paragraph(
            (
                f"Trainings were shortened to fit into {counted(budget['minutes'], 'minute')} on "
                f"{counted(budget['workers'], 'processor')}, with the tables of the same command; "
                "each row says what part of it was done.",
            ),
            "note",
        )


def source_pairs(sources: Mapping[str, Data]) -> doc.Pairs:
    """What is cited, and how much of it was read."""
    lines = ((key, f"{of['citation']} (read: {of['read']})") for key, of in sources.items())
    return doc.Pairs(tuple(lines))


def _seeds(row: Data) -> str:
    done = sum(run["value"] is not None for run in row["runs"])
    return str(done) if done == len(row["runs"]) else f"{done} of {len(row['runs'])}"


def _amount(value: float, metric: str | None) -> str:
    return f"{100 * value:.2f} %" if metric == "accuracy" else f"{value:.4g}"


def _value(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    middle, low, high = (f"{value[key]:.4g}" for key in ("median", "low", "high"))
    return middle if low == high else f"{middle} ({low} to {high})"


def _pace(value: float | None) -> str:
    return "" if value is None else text.count(float(f"{value:.3g}"))


def _of(noun: str, part: int, whole: int) -> str:
    said = noun if whole > 1 else noun.removesuffix("s")
    return f"{whole:,} {said}" if part == whole else f"{part:,} of {whole:,} {said}"

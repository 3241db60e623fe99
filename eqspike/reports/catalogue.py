"""The catalogue of chips as one page: `python -m eqspike.reports.catalogue docs/chips.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from eqspike import library
from eqspike.chips import ChipProfile, coverage, load_profile
from eqspike.chips.coverage import COLUMNS, INCLUDED, UNKNOWN
from eqspike.core.errors import EqspikeError
from eqspike.core.files import write_bytes
from eqspike.reports import document as doc
from eqspike.reports.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING, figure_lines
from eqspike.reports.markdown import render_markdown

SHORT = {
    "synaptic_operation": "syn. op.",
    "neuron_update": "neuron",
    "neuron_update_idle": "idle",
    "spike": "spike",
    "trace_update": "trace",
    "rule_evaluation": "rule",
    "weight_write": "write",
    "hop": "hop",
    "static_w": "static",
    "step_time": "step",
    "endurance": "wear",
}
"""Headings of the coverage table."""

MARKS = {**CONFIDENCE_MARKS, INCLUDED: "in", UNKNOWN: "–"}
"""Cells of the coverage table."""

_LEAD = (
    "Written by make reports from the files of chips/; edit those. How a figure is read and used is in ",
    doc.Run("energy.md", "link", "energy.md"),
    ". What is unknown is not modelled, and never zero.",
)
_COLUMNS = (
    "in: part of another figure; –: unknown. Columns: energy of a synaptic operation, of a neuron update and of "
    "one without a spike, of a spike, a trace update, a rule evaluation, a weight write and a hop between cores; "
    "static power; length of a time step; writes that a weight survives."
)
_REFERENCES = (
    "References: processors by the energy of their arithmetic at full use, to see orders of magnitude against and "
    "never peers of a chip."
)


def catalogue(profiles: Sequence[ChipProfile]) -> str:
    """The page, as Markdown."""
    chips = [profile for profile in profiles if not profile.reference]
    references = [profile for profile in profiles if profile.reference]
    marks = (f"{CONFIDENCE_MARKS[name]} {text}; " for name, text in CONFIDENCE_MEANING.items())
    coverages = (
        _coverage(chips), doc.Paragraph(("".join(marks) + _COLUMNS,)),
        doc.Paragraph((_REFERENCES,)), _coverage(references),
    )  # fmt: skip
    sections = (
        doc.Section("coverage", "What each profile knows", coverages),
        doc.Section("conflicts", "Where published figures disagree", (_disagreements(chips),)),
        *(doc.Section(each.name, each.name, _chip(each)) for each in (*chips, *references)),
    )
    return render_markdown(doc.Document("chips", {}, "Chips", (doc.Paragraph(_LEAD),), sections))


def _coverage(profiles: Iterable[ChipProfile]) -> doc.Table:
    rows: list[tuple[doc.Inline, ...]] = []
    for profile in profiles:
        states = coverage(profile)
        link = doc.Run(profile.name, "link", f"#{profile.name}")
        rows.append((link, *(MARKS[states[name]] for name in COLUMNS)))
    return doc.Table("", doc.texts("chip", *(SHORT[name] for name in COLUMNS)), tuple(rows))


def _disagreements(profiles: Iterable[ChipProfile]) -> doc.Table:
    rows = [
        (
            profile.name,
            line.event,
            line.disagreement,
            "; ".join(f"{item.amount}, {item.definition}" for item in line.published),
        )
        for profile in profiles
        for line in figure_lines(profile)
        if line.disagreement
    ]
    return doc.Table("", doc.texts("chip", "figure", "apart", "published"), tuple(rows))


def _chip(profile: ChipProfile) -> tuple[doc.Part, ...]:
    title = doc.Run(profile.title, "strong")
    includes = ", ".join(profile.includes) or "unknown"
    return (
        doc.Paragraph((title, f", {profile.kind}. {profile.about}")),
        doc.Paragraph((f"One synaptic operation includes: {includes}.",)),
        doc.Figures(figure_lines(profile)),
        *(doc.Paragraph((line,)) for line in _facts(profile)),
        doc.Pairs(tuple(profile.sources.items())),
    )


def _facts(profile: ChipProfile) -> Iterable[str]:
    weights, learning = profile.weights, profile.learning
    bits = "unknown width" if weights.bits is None else f"{weights.bits} bits"
    signed = {True: "signed", False: "unsigned", None: "sign unknown"}[weights.signed]
    yield f"Weights: {bits}, {signed}. Learning: {learning.rule}. Time: {profile.timestep.mode}."
    if profile.limits:
        limits = (f"{name.replace('_', ' ')} {value}" for name, value in profile.limits.items())
        yield f"Limits: {', '.join(limits)}."


def main(arguments: list[str]) -> int:
    """Entry point; exit status 2 on wrong use or input."""
    if len(arguments) != 1:
        print("usage: python -m eqspike.reports.catalogue FILE", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    try:
        text = catalogue([load_profile(name) for name in library.names("chips")])
        write_bytes(path, text.encode())
    except EqspikeError as error:
        print(f"eqspike: error: {error}", file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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
from eqspike.reports.evidence import CONFIDENCE_MARKS, CONFIDENCE_MEANING, FigureLine, figure_lines

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

_INTRODUCTION = """# Chips

Written by `make reports` from the files of `chips/`; edit those. How a figure is read and used is in
[energy.md](energy.md). What is unknown is not modelled, and never zero.
"""


def catalogue(profiles: Sequence[ChipProfile]) -> str:
    """The page, as Markdown."""
    chips = [profile for profile in profiles if not profile.reference]
    references = [profile for profile in profiles if profile.reference]
    marks = "; ".join(
        f"{CONFIDENCE_MARKS[name]} {text}" for name, text in CONFIDENCE_MEANING.items()
    )
    lines = [
        _INTRODUCTION,
        "## What each profile knows\n",
        *_coverage(chips),
        "",
        f"{marks}; in: part of another figure; –: unknown. Columns: energy of a synaptic operation, of a neuron "
        "update and of one without a spike, of a spike, a trace update, a rule evaluation, a weight write and a "
        "hop between cores; static power; length of a time step; writes that a weight survives.\n",
        "References: processors by the energy of their arithmetic at full use, to see orders of magnitude against "
        "and never peers of a chip.\n",
        *_coverage(references),
        "",
        "## Where published figures disagree\n",
        *_disagreements(chips),
        *(line for profile in (*chips, *references) for line in _chip(profile)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _coverage(profiles: Iterable[ChipProfile]) -> Iterable[str]:
    yield _row(["chip", *(SHORT[name] for name in COLUMNS)])
    yield _row(["---", *(":---:" for _ in COLUMNS)])
    for profile in profiles:
        states = coverage(profile)
        link = f"[{profile.name}](#{profile.name})"
        yield _row([link, *(MARKS[states[name]] for name in COLUMNS)])


def _disagreements(profiles: Iterable[ChipProfile]) -> Iterable[str]:
    yield _row(["chip", "figure", "apart", "published"])
    yield _row(["---", "---", "---:", "---"])
    for profile in profiles:
        for line in figure_lines(profile):
            if line.disagreement:
                values = "; ".join(f"{item.amount}, {item.definition}" for item in line.published)
                yield _row([profile.name, line.event, line.disagreement, values])
    yield ""


def _chip(profile: ChipProfile) -> Iterable[str]:
    yield f"## {profile.name}\n"
    yield f"**{_text(profile.title)}**, {profile.kind}. {_text(profile.about)}\n"
    includes = ", ".join(profile.includes) or "unknown"
    yield f"One synaptic operation includes: {_text(includes)}.\n"
    yield _row(["figure", "typical", "low – high", "confidence", "sources", "what it is"])
    yield _row(["---"] * 6)
    lines = figure_lines(profile)
    for line in lines:
        cells = [line.event, line.amount.typical, line.amount.interval]
        yield _row([*cells, line.confidence, line.sources, line.note])
    yield ""
    for line in lines:
        yield from _published(line)
    yield from _facts(profile)
    for key, reference in profile.sources.items():
        yield f"- {key}: {_text(reference)}"
    yield ""


def _published(line: FigureLine) -> Iterable[str]:
    if not line.published:
        return
    apart = f", {line.disagreement} apart" if line.disagreement else ""
    yield f"Published for {line.event}{apart}:\n"
    for item in line.published:
        aside = f" Set aside: {item.set_aside}." if item.set_aside else ""
        evidence = f"{item.sources}; {item.confidence} confidence"
        yield f"- {item.amount}: {_text(item.definition)} ({evidence}).{_text(aside)}"
    yield ""


def _facts(profile: ChipProfile) -> Iterable[str]:
    weights, learning = profile.weights, profile.learning
    bits = "unknown width" if weights.bits is None else f"{weights.bits} bits"
    signed = {True: "signed", False: "unsigned", None: "sign unknown"}[weights.signed]
    yield f"Weights: {bits}, {signed}. Learning: {learning.rule}. Time: {profile.timestep.mode}.\n"
    if profile.limits:
        limits = (f"{name.replace('_', ' ')} {value}" for name, value in profile.limits.items())
        yield f"Limits: {', '.join(limits)}.\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_text(cell).replace("|", "\\|") for cell in cells) + " |"


def _text(text: str) -> str:
    """One line."""
    return " ".join(text.split(" ")).replace("\n", " ")


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

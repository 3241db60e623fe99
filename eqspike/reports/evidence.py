"""The figures of a profile as texts: amount, confidence, sources, and figures in print that disagree."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.chips.figures import Figure
from eqspike.core.quantities import Quantity
from eqspike.energy import text
from eqspike.energy.text import Amount

CONFIDENCE_MEANING = {
    "high": "read in a primary source",
    "medium": "read in a secondary source",
    "low": "recalled or inferred, to be confirmed",
}
CONFIDENCE_MARKS = {"high": "●●●", "medium": "●●○", "low": "●○○"}


@dataclass(frozen=True)
class PublishedLine:
    """One figure in print."""

    amount: str
    definition: str
    confidence: str
    sources: str
    set_aside: str


@dataclass(frozen=True)
class FigureLine:
    """One figure of a profile and its evidence.

    Attributes:
        event: name of what it prices.
        amount, confidence, sources, note: texts, empty where unknown.
        published: figures in print, where there are several.
        disagreement: how far they are apart, such as `10 times`, or empty.
    """

    event: str
    amount: Amount
    confidence: str = ""
    sources: str = ""
    note: str = ""
    published: tuple[PublishedLine, ...] = ()
    disagreement: str = ""


def figure_lines(chip: ChipProfile) -> tuple[FigureLine, ...]:
    """All figures of a profile, unknown ones too."""
    lines = [_line(event.replace("_", " "), figure) for event, figure in chip.energy.items()]
    return (
        *lines,
        _line("static power", chip.static),
        _line("power per core", chip.per_core),
        _line("time step", chip.timestep.duration),
        _line("endurance of a weight", chip.weights.endurance),
    )


def _line(event: str, figure: Figure) -> FigureLine:
    if isinstance(figure, IncludedIn):
        where = figure.event.replace("static_w", "static power").replace("_", " ")
        return FigureLine(event, Amount(f"in {where}", ""), note=figure.note)
    if figure is None:
        return FigureLine(event, Amount("unknown", ""))
    return FigureLine(
        event,
        _amount(figure),
        figure.confidence,
        ", ".join(figure.sources),
        figure.note,
        tuple(
            PublishedLine(
                text.si(item.value, figure.unit),
                item.definition,
                item.confidence,
                ", ".join(item.sources),
                item.set_aside,
            )
            for item in figure.published
        ),
        _disagreement(figure),
    )


def _amount(figure: Quantity) -> Amount:
    if figure.unit == "writes":
        span = f"{text.scientific(figure.low)} – {text.scientific(figure.high)}"
        return Amount(f"{text.scientific(figure.typical)}\u00a0writes", span)
    return text.amount(figure.interval, figure.unit)


def _disagreement(figure: Quantity) -> str:
    ratio = figure.disagreement
    if ratio < 2.0:
        return ""
    return f"{ratio:.0f} times" if ratio >= 10.0 else f"{ratio:.1f} times"

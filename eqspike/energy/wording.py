"""What an estimate says about itself in words: assumptions, gaps, warnings, standing exclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eqspike.chips import ChipProfile, IncludedIn
from eqspike.chips.figures import STATIC as STATIC_KEY
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.conditions import Conditions
from eqspike.energy.events import EVENT_OF, STATIC, Gap, Row
from eqspike.energy.text import percent

LOW_CONFIDENCE_SHARE = 0.2
"""Share of the typical total that low-confidence figures may carry without a warning."""

EXCLUSIONS = (
    "Transport of spikes between cores and chips, unless hops are listed: counts know no placement.",
    "Input and output of the chip, the host, memory outside the chip, cooling and supply losses.",
    "Encoding of the data into input spikes and reading out the class.",
    "Loading the network and its weights onto the chip.",
)
"""What no estimate contains, whatever the profile."""


def assumptions(
    rows: Sequence[Row], chip: ChipProfile, conditions: Conditions, static: bool
) -> tuple[str, ...]:
    """How the counts were read as events on this chip."""
    texts = [
        "Figures of one profile are taken as fully correlated: lows add to lows, highs to highs.",
        "Every stored synapse of a neuron that fires is a synaptic operation, also of weight zero.",
        "A spike of the input layer costs what any other spike costs.",
        "A weight write changed the stored code; a chip that always writes back pays more.",
    ]
    twice = sorted({row.event.place for row in rows if row.event.copies == 2})
    if twice:
        texts.append(
            f"Weights that carry spikes both ways ({', '.join(twice)}) are stored twice on the "
            "chip: their rule evaluations and weight writes count double."
        )
    for row in _first_of_each(rows):
        texts.append(
            f"The cost of {row.event.category} is part of the figure for {row.included_in}."
        )
    if isinstance(chip.energy["neuron_update_idle"], Quantity):
        texts.append(_activity(conditions.active_share))
    if static:
        texts.append("Time steps follow each other without a pause, one sample after the other.")
    return tuple(texts)


def _activity(share: float | None) -> str:
    if share is None:
        return (
            "Whether a neuron received a spike is not counted: low takes all updates as idle, typical "
            "and high all as active."
        )
    return f"Of the neuron updates, {percent(share)} are taken as active, the rest as idle."


def gap_reason(chip: ChipProfile, category: str) -> str:
    """Why a category that had events has no energy."""
    figure = chip.energy[EVENT_OF[category]]
    if isinstance(figure, IncludedIn):
        if figure.event == STATIC_KEY:
            return "the profile counts it in static power, which needs a step time"
        container = figure.event.replace("_", " ")
        return f"the profile counts it in {container}, of which there was none there"
    return "the profile has no figure"


def operations_warning(gaps: Sequence[Gap]) -> tuple[str, ...]:
    """A warning if the total leaves out synaptic operations, which usually are most of it."""
    if "synaptic operations" not in {gap.what for gap in gaps}:
        return ()
    return (
        "The profile has no figure for synaptic operations, usually the largest part: what is left is no "
        "energy to compare with other chips.",
    )


def message_warning(provenance: Mapping[str, Any], chip: ChipProfile) -> tuple[str, ...]:
    """A warning if synapses multiply the numbers they are sent, where the profile prices what a spike needs.

    Args:
        provenance: its `messages` are `values`, `changes`, `bits` or `spikes and gradients`; without it they
            are spikes.
        chip: some price a multiply-accumulate, and then this is no understatement.
    """
    sent = {
        "changes": "A message is a number",
        "values": "Every neuron sends its rate at every step, which is not counted as a spike",
        "spikes and gradients": "In phase backward of learning, and there only, a gradient meets every "
        "synapse at every step, which is not counted as a spike",
    }.get(str(provenance.get("messages")))
    if sent is None or any("multiply" in what for what in chip.includes):
        return ()
    return (
        f"{sent}, and a synaptic operation multiplies it with a weight; the profile's figure is for a spike. The "
        "multiplication and the bits of the number are not priced: a lower bound.",
    )


@dataclass(frozen=True)
class Doubt:
    """Figures of low confidence that carry much of a typical total.

    Attributes:
        names: categories whose figures they are.
        share: of the typical total, above `LOW_CONFIDENCE_SHARE`.
    """

    names: tuple[str, ...]
    share: float

    @property
    def warning(self) -> str:
        """The same as a sentence."""
        return (
            f"Figures of low confidence ({', '.join(self.names)}) carry {percent(self.share)} of the "
            "typical total: confirm them before quoting it."
        )


def low_confidence(
    chip: ChipProfile, rows: Sequence[Row], static: Mapping[str, Interval]
) -> Doubt | None:
    """The doubt if low-confidence figures carry over `LOW_CONFIDENCE_SHARE` of the total."""
    total = sum(row.energy.typical for row in rows if row.energy is not None)
    total += sum(part.typical for part in static.values())
    low: dict[str, float] = {}
    for row in rows:
        figure = chip.energy[EVENT_OF[row.event.category]]
        if row.energy is not None and isinstance(figure, Quantity) and figure.confidence == "low":
            low[row.event.category] = low.get(row.event.category, 0.0) + row.energy.typical
    if _low_power(chip):
        low[STATIC] = sum(part.typical for part in static.values())
    share = sum(low.values()) / total if total else 0.0
    if share <= LOW_CONFIDENCE_SHARE:
        return None
    return Doubt(tuple(name for name, energy in low.items() if energy), share)


def comparison_cautions(provenances: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What limits a comparison of these systems."""
    texts = []
    tasks = dict.fromkeys(str(each.get("task", "not given")) for each in provenances)
    if len(tasks) > 1:
        texts.append(
            f"The systems were trained on different tasks ({', '.join(tasks)}): neither accuracies nor "
            "energies per sample are of the same work."
        )
    if len({each.get("epochs") for each in provenances}) > 1:
        texts.append(
            "The systems were trained for different numbers of epochs; see their provenance."
        )
    if any(each.get("messages") == "changes" for each in provenances):
        texts.append(
            "Where messages are numbers, synapses multiply; profiles price what a spike needs. Energies of such "
            "systems are lower bounds."
        )
    if len({memory_words(each) for each in provenances}) > 1:
        texts.append(
            "A profile prices the weights its chip has. Weights of other widths change the energy here only "
            "by changing the events: fewer bits are not taken to cost less each."
        )
    return tuple(texts)


def memory_words(provenance: Mapping[str, Any]) -> str:
    """Weights of a run in words, such as `8 bits, stochastic rounding`, from its provenance."""
    kind, bits = provenance.get("weight_memory"), provenance.get("weight_bits")
    if bits is not None:
        rounding = provenance.get("weight_rounding")
        return ("1 bit" if bits == 1 else f"{bits} bits") + (
            f", {rounding} rounding" if rounding else ""
        )
    if kind == "ideal":
        return "floating point"
    return "not given" if kind is None else str(kind)


def _low_power(chip: ChipProfile) -> bool:
    figures = (chip.static, chip.per_core, chip.timestep.duration)
    return any(isinstance(item, Quantity) and item.confidence == "low" for item in figures)


def _first_of_each(rows: Sequence[Row]) -> list[Row]:
    firsts: dict[str, Row] = {}
    for row in rows:
        if row.included_in:
            firsts.setdefault(row.event.category, row)
    return list(firsts.values())

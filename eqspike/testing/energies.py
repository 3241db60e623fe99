"""Counts and chips of Hypothesis, for laws of the energy estimate."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from eqspike.chips import ChipProfile, Figure, Learning, Timestep, Weights
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy.events import EVENT_OF

LAYERS = ("input", "hidden", "output")
DIRECTED = ("input->hidden", "hidden->output", "output->hidden")
WEIGHTS = ("input-hidden", "hidden-output", "hidden", "output")
PRICED = tuple(EVENT_OF.values())
HOPS = {"input": 1.0, "hidden": 2.5, "output": 0.0}
PHASES = ("free", "nudged", "update")

number = st.integers(0, 10**7)
positive = st.floats(1e-15, 1e-6)

phases = st.builds(
    PhaseCounts,
    number,
    st.fixed_dictionaries({n: st.builds(LayerCounts, number, number, number) for n in LAYERS}),
    st.fixed_dictionaries({n: st.builds(CouplingCounts, number, number) for n in DIRECTED}),
    st.fixed_dictionaries(
        {n: st.builds(PlasticityCounts, number, number, number) for n in WEIGHTS}
    ),
)
counts = st.builds(
    EventCounts, st.integers(1, 1000), st.fixed_dictionaries(dict.fromkeys(PHASES, phases))
)


@st.composite
def quantities(draw: st.DrawFn, unit: str = "J") -> Quantity:
    low, typical, high = sorted((draw(positive), draw(positive), draw(positive)))
    confidence = draw(st.sampled_from(("high", "medium", "low")))
    return Quantity(low, typical, high, unit, ("book",), confidence)


def chip_with(energy: dict[str, Figure], static: Quantity | None = None) -> ChipProfile:
    return ChipProfile(
        name="law",
        title="",
        about="",
        kind="normative",
        process_nm=None,
        supply_v=None,
        energy=energy,
        includes=(),
        static=static,
        per_core=None,
        timestep=Timestep("clocked", None),
        weights=Weights(None, None, None),
        learning=Learning("none", None),
        limits={},
        sources={"book": ""},
        digest="",
    )


@st.composite
def complete_chips(draw: st.DrawFn) -> ChipProfile:
    energy: dict[str, Figure] = {event: draw(quantities()) for event in PRICED}
    energy["neuron_update_idle"] = None
    return chip_with(energy, draw(st.none() | quantities("W")))


def close(left: Interval, right: Interval) -> bool:
    pairs = ((left.low, right.low), (left.typical, right.typical), (left.high, right.high))
    return all(abs(a - b) <= 1e-12 * max(abs(a), abs(b)) for a, b in pairs)


def scale(figure: Figure, factor: float) -> Figure:
    return scale_quantity(figure, factor) if isinstance(figure, Quantity) else figure


def scale_quantity(figure: Quantity, factor: float) -> Quantity:
    return replace(
        figure, low=figure.low * factor, typical=figure.typical * factor, high=figure.high * factor
    )

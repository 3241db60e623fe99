"""Chip profiles: what a chip can hold and what each of its events costs, with the evidence.

A profile is one YAML file of `chips/`. Every figure is an interval with unit, sources and
confidence, or an explicit null for unknown. `docs/energy.md` describes the keys and how to add a chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqspike.chips.figures import Figure
from eqspike.core.quantities import Quantity

KINDS = (
    "asynchronous digital",
    "synchronous digital",
    "mixed signal",
    "software",
    "device estimate",
    "normative",
    "processor",
)
"""`processor` is a reference that runs no spikes: its figures are bounds and no peers of a chip's."""
TIMESTEP_MODES = ("barrier", "clocked", "event-driven", "software")
LEARNING = ("none", "fixed rule", "programmable rule", "unknown")
LIMITS = (
    "cores",
    "neurons",
    "neurons_per_core",
    "synapses",
    "synapse_bytes_per_core",
    "fan_in",
    "fan_out",
    "input_axons_per_core",
    "output_axons_per_core",
    "neuron_settings_per_core",
    "threshold_settings_per_core",
    "synapse_settings_per_core",
    "trace_settings_per_core",
    "delay_steps",
)


@dataclass(frozen=True)
class Timestep:
    """How the chip advances time.

    Attributes:
        mode: `barrier` (cores wait for each other), `clocked` (fixed period), `event-driven` (no
            step) or `software`.
        duration: length of a step in seconds, or None where unknown or set by the workload.
    """

    mode: str
    duration: Quantity | None


@dataclass(frozen=True)
class Weights:
    """How the chip stores a weight; None where unknown.

    Attributes:
        bits: bits of a stored weight, without a separate sign or plasticity bit.
        signed: whether the stored code has a sign.
        stochastic_rounding: whether learning rounds at random.
        endurance: writes that one stored weight survives; None also where it does not wear out.
    """

    bits: int | None
    signed: bool | None
    stochastic_rounding: bool | None
    endurance: Quantity | None = None


@dataclass(frozen=True)
class Learning:
    """What the chip can learn by itself: kind of rule, bits of a trace (None: unknown)."""

    rule: str
    trace_bits: int | None


@dataclass(frozen=True)
class ChipProfile:
    """One chip, or one normative table of operation energies.

    Attributes:
        name: name of the file without its ending.
        title: name for people.
        about: one or two sentences: what the figures describe and what they do not.
        kind: one of `KINDS`.
        process_nm, supply_v: technology node and voltage of the figures, or None.
        energy: joules of each event of `EVENTS`: `Quantity`, `IncludedIn`, or None for unknown.
        includes: what one synaptic operation of `energy` covers; empty if it has no figure.
        static, per_core: watts of the whole chip whatever it does, and of each core in use.
        timestep, weights, learning: see their classes.
        limits: sizes the chip cannot exceed, by the names of `LIMITS`.
        sources: reference text of each source key.
        digest: SHA-256 of the file, for the provenance of reports.
    """

    name: str
    title: str
    about: str
    kind: str
    process_nm: float | None
    supply_v: float | None
    energy: Mapping[str, Figure]
    includes: tuple[str, ...]
    static: Figure
    per_core: Figure
    timestep: Timestep
    weights: Weights
    learning: Learning
    limits: Mapping[str, int]
    sources: Mapping[str, str]
    digest: str

    @property
    def reference(self) -> bool:
        """Whether this is a processor to compare with, and no chip for spiking networks."""
        return self.kind == "processor"

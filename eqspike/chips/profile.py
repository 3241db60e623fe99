"""Chip profiles: what a chip can hold and what each of its events costs, with the evidence.

A profile is one YAML file of `chips/`. Every figure is an interval with unit, sources and
confidence, or an explicit null for unknown. `docs/energy.md` describes the keys and how to add a chip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from eqspike import library
from eqspike.chips.figures import Figure, IncludedIn, Node, read_figure
from eqspike.core.config import Section
from eqspike.core.quantities import CONFIDENCES, Quantity

EVENTS = (
    "synaptic_operation",
    "neuron_update",
    "spike",
    "trace_update",
    "rule_evaluation",
    "weight_write",
    "hop",
)
"""Events a profile prices, in joules each."""

KINDS = ("asynchronous digital", "synchronous digital", "mixed signal", "software", "normative")
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

_KEYS = (
    "title",
    "about",
    "kind",
    "process_nm",
    "supply_v",
    "energy",
    "power",
    "timestep",
    "weights",
    "learning",
    "limits",
    "sources",
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
    """

    bits: int | None
    signed: bool | None
    stochastic_rounding: bool | None


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


def load_profile(name_or_path: str) -> ChipProfile:
    """Read a chip of the library, or a YAML file of your own.

    Args:
        name_or_path: library name such as `loihi1`, or a path ending in `.yaml`.

    Raises:
        ConfigError: if there is no such chip, or the file breaks a rule; names file and key.
    """
    path = library.find("chips", name_or_path)
    data = library.load_yaml(path)
    digest = hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
    section = Section(data, str(path))
    root = Node(section, data)
    root.expect(*_KEYS)
    sources = _read_sources(root)
    energy, includes = _read_energy(root, sources)
    power = root.child("power")
    power.expect("static_w", "per_core_w")
    profile = ChipProfile(
        name=path.stem,
        title=section.text("title"),
        about=section.text("about"),
        kind=section.choice("kind", KINDS),
        process_nm=_number_or_null(root, "process_nm"),
        supply_v=_number_or_null(root, "supply_v"),
        energy=energy,
        includes=includes,
        static=_quantity_or_null(power, "static_w", "W", sources),
        per_core=read_figure(power, "per_core_w", "W", sources),
        timestep=_read_timestep(root, sources),
        weights=_read_weights(root, sources),
        learning=_read_learning(root, sources),
        limits=_read_limits(root, sources),
        sources=sources,
        digest=digest,
    )
    if isinstance(profile.per_core, IncludedIn) and profile.per_core.event != "static_w":
        raise power.section.error("per_core_w", "a figure, null, or included in static_w")
    power.section.close()
    section.close()
    return profile


def _read_sources(root: Node) -> dict[str, str]:
    node = root.child("sources")
    return {key: node.section.text(key) for key in node.data}


def _read_energy(
    root: Node, sources: Mapping[str, str]
) -> tuple[dict[str, Figure], tuple[str, ...]]:
    node = root.child("energy")
    node.expect(*EVENTS)
    energy = {}
    for event in EVENTS:
        extra = ("includes",) if event == "synaptic_operation" else ()
        energy[event] = read_figure(node, event, "J", sources, extra)
    node.section.close()
    _check_inclusions(node, energy)
    if energy["synaptic_operation"] is None:
        return energy, ()
    if isinstance(energy["synaptic_operation"], IncludedIn):
        raise node.section.error("synaptic_operation", "a figure or null")
    return energy, node.child("synaptic_operation").texts("includes")


def _check_inclusions(node: Node, energy: Mapping[str, Figure]) -> None:
    """A cost may only be included in a figure that is there: never in itself, a null or a chain."""
    for event, figure in energy.items():
        if isinstance(figure, IncludedIn) and not isinstance(energy.get(figure.event), Quantity):
            priced = [name for name in EVENTS if isinstance(energy[name], Quantity)]
            raise node.section.error(
                event, f"included in an event with a figure ({', '.join(priced) or 'none here'})"
            )


def _quantity_or_null(
    node: Node, key: str, dimension: str, sources: Mapping[str, str]
) -> Quantity | None:
    figure = read_figure(node, key, dimension, sources)
    if isinstance(figure, IncludedIn):
        raise node.section.error(key, "a figure or null")
    return figure


def _number_or_null(node: Node, key: str) -> float | None:
    return None if node.is_null(key, "a number") else node.section.number(key, above=0.0)


def _integer_or_null(node: Node, key: str) -> int | None:
    return None if node.is_null(key, "a whole number") else node.section.integer(key, low=1)


def _flag_or_null(node: Node, key: str) -> bool | None:
    return None if node.is_null(key, "true, false") else node.section.flag(key)


def _check_evidence(node: Node, sources: Mapping[str, str]) -> None:
    """Facts that are no intervals still say where they come from."""
    node.source_keys(sources)
    node.section.choice("confidence", CONFIDENCES)


def _read_timestep(root: Node, sources: Mapping[str, str]) -> Timestep:
    node = root.child("timestep")
    node.expect("mode", "duration")
    step = Timestep(
        node.section.choice("mode", TIMESTEP_MODES),
        _quantity_or_null(node, "duration", "s", sources),
    )
    node.section.close()
    return step


def _read_weights(root: Node, sources: Mapping[str, str]) -> Weights:
    node = root.child("weights")
    node.expect("bits", "signed", "stochastic_rounding", "sources", "confidence")
    weights = Weights(
        _integer_or_null(node, "bits"),
        _flag_or_null(node, "signed"),
        _flag_or_null(node, "stochastic_rounding"),
    )
    _check_evidence(node, sources)
    node.section.close()
    return weights


def _read_learning(root: Node, sources: Mapping[str, str]) -> Learning:
    node = root.child("learning")
    node.expect("rule", "trace_bits", "sources", "confidence")
    learning = Learning(node.section.choice("rule", LEARNING), _integer_or_null(node, "trace_bits"))
    _check_evidence(node, sources)
    node.section.close()
    return learning


def _read_limits(root: Node, sources: Mapping[str, str]) -> dict[str, int]:
    node = root.child("limits")
    node.expect(*LIMITS, "sources", "confidence")
    limits = {key: node.section.integer(key, low=1) for key in LIMITS if node.section.has(key)}
    if limits:
        _check_evidence(node, sources)
    node.section.close()
    return limits

"""Strict reading of chip profiles; every error names the file and the key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from eqspike import library
from eqspike.chips.figures import (
    EVENTS,
    STATIC,
    Figure,
    IncludedIn,
    Node,
    read_figure,
    read_quantity_or_null,
)
from eqspike.chips.profile import (
    KINDS,
    LEARNING,
    LIMITS,
    TIMESTEP_MODES,
    ChipProfile,
    Learning,
    Timestep,
    Weights,
)
from eqspike.core.config import Section
from eqspike.core.quantities import CONFIDENCES, Quantity

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


def load_profile(name_or_path: str) -> ChipProfile:
    """Read a chip of the library, or a YAML file of your own.

    Args:
        name_or_path: library name such as `loihi1`, or a path ending in `.yaml`.

    Raises:
        ConfigError: if there is no such chip, or the file breaks a rule; names file and key.
    """
    path = library.find("chips", name_or_path)
    section = Section(library.load_yaml(path), str(path))  # first: it refuses what is no text
    digest = hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
    return read_profile(section, path.stem, digest)


def read_profile(section: Section, name: str, digest: str) -> ChipProfile:
    """The profile that a mapping describes; `digest` is that of its file."""
    root = Node(section)
    root.expect(*_KEYS)
    section.explain(
        kind="what sort of machine the figures are of",
        energy="what each event costs; `null` says unknown, which is never read as zero",
        power="power that is drawn whatever happens",
        sources="references, by the keys with which figures name them",
        timestep="how the chip advances time",
        weights="how the chip stores a weight",
        learning="how the chip learns",
        limits="sizes that the chip cannot exceed, with sources and confidence; `{}`: none is known; "
        f"else some of {', '.join(LIMITS)}",
        process_nm="technology node of the figures, in nanometres",
        supply_v="supply voltage of the figures, in volts",
    )
    sources = _read_sources(root)
    energy, includes = _read_energy(root, sources)
    static, per_core = _read_power(root, energy, sources)
    _check_inclusions(root, energy, static)
    profile = ChipProfile(
        name=name,
        title=section.text("title"),
        about=section.text("about"),
        kind=section.choice("kind", KINDS),
        process_nm=_number_or_null(root, "process_nm"),
        supply_v=_number_or_null(root, "supply_v"),
        energy=energy,
        includes=includes,
        static=static,
        per_core=per_core,
        timestep=_read_timestep(root, sources),
        weights=_read_weights(root, sources),
        learning=_read_learning(root, sources),
        limits=_read_limits(root, sources),
        sources=sources,
        digest=digest,
    )
    section.close()
    return profile


def _read_sources(root: Node) -> dict[str, str]:
    section = root.child("sources").section
    keys = section.keys()
    section.explain(
        **dict.fromkeys(keys, "reference of the source, under the key by which figures name it")
    )
    return {key: section.text(key) for key in keys}


def _read_energy(
    root: Node, sources: Mapping[str, str]
) -> tuple[dict[str, Figure], tuple[str, ...]]:
    node = root.child("energy")
    node.section.explain(
        synaptic_operation="a spike reaches one stored synapse and its weight is added",
        neuron_update="the state of one neuron is advanced by one time step",
        neuron_update_idle="the same for a neuron that received no spike; `null`: the two are not told apart",
        spike="one neuron sends a spike",
        trace_update="one trace of a learning rule decays or is raised",
        rule_evaluation="the learning rule is computed for one synapse",
        weight_write="one stored weight changes",
        hop="a spike passes from one router of the chip to the next",
    )
    node.expect(*EVENTS)
    energy = {}
    for event in EVENTS:
        extra = ("includes",) if event == "synaptic_operation" else ()
        energy[event] = read_figure(node, event, "J", sources, extra)
    node.section.close()
    if energy["synaptic_operation"] is None:
        return energy, ()
    if isinstance(energy["synaptic_operation"], IncludedIn):
        raise node.section.error("synaptic_operation", "a figure or null")
    node.child("synaptic_operation").section.explain(
        includes="what one synaptic operation covers",
    )
    return energy, node.child("synaptic_operation").texts("includes")


def _read_power(
    root: Node, energy: Mapping[str, Figure], sources: Mapping[str, str]
) -> tuple[Figure, Figure]:
    """Static power of the chip and of each core in use.

    Static power may be part of the figure for a synaptic operation: a whole chip's consumption spread over
    its operations. Power per core may be part of either.
    """
    node = root.child("power")
    node.section.explain(
        static_w="power of the whole chip, whatever it does",
        per_core_w="power of each core in use",
    )
    node.expect(STATIC, "per_core_w")
    static = read_figure(node, STATIC, "W", sources)
    per_core = read_figure(node, "per_core_w", "W", sources)
    containers = {STATIC: static, "synaptic_operation": energy["synaptic_operation"]}
    for key, figure, allowed in (
        (STATIC, static, ("synaptic_operation",)),
        ("per_core_w", per_core, (STATIC, "synaptic_operation")),
    ):
        if isinstance(figure, IncludedIn) and not (
            figure.event in allowed and isinstance(containers[figure.event], Quantity)
        ):
            raise node.section.error(
                key, f"a figure, null, or included in {' or '.join(allowed)} with a figure there"
            )
    node.section.close()
    return static, per_core


def _check_inclusions(root: Node, energy: Mapping[str, Figure], static: Figure) -> None:
    """A cost may only be included in a figure that is there: never in itself, a null or a chain."""
    figures = {**energy, STATIC: static}
    for event, figure in energy.items():
        if isinstance(figure, IncludedIn) and not isinstance(figures.get(figure.event), Quantity):
            priced = [name for name, value in figures.items() if isinstance(value, Quantity)]
            raise root.child("energy").section.error(
                event, f"included in an event with a figure ({', '.join(priced) or 'none here'})"
            )
    _check_idle(root, energy)


def _check_idle(root: Node, energy: Mapping[str, Figure]) -> None:
    """An idle update is the cheaper form of an update that has a figure."""
    idle, active = energy["neuron_update_idle"], energy["neuron_update"]
    if idle is None:
        return
    if not isinstance(idle, Quantity) or not isinstance(active, Quantity):
        raise root.child("energy").section.error(
            "neuron_update_idle", "null unless neuron_update and it both have figures"
        )
    if idle.low > active.low or idle.typical > active.typical or idle.high > active.high:
        raise root.child("energy").section.error(
            "neuron_update_idle", "at most neuron_update, in low, typical and high"
        )


def _number_or_null(node: Node, key: str) -> float | None:
    return None if node.is_null(key, "a number") else node.section.number(key, above=0.0)


def _integer_or_null(node: Node, key: str) -> int | None:
    return None if node.is_null(key, "a whole number") else node.section.integer(key, low=1)


def _flag_or_null(node: Node, key: str) -> bool | None:
    return None if node.is_null(key, "true, false") else node.section.flag(key)


def _check_evidence(node: Node, sources: Mapping[str, str]) -> None:
    """Facts that are no intervals still say where they come from."""
    node.source_keys(sources)
    node.section.explain(
        sources="keys of the profile's list of sources",
        confidence="as for a figure",
    )
    node.section.choice("confidence", CONFIDENCES)


def _read_timestep(root: Node, sources: Mapping[str, str]) -> Timestep:
    node = root.child("timestep")
    node.section.explain(
        duration="length of a step; `null` where unknown or set by the workload",
    )
    node.expect("mode", "duration")
    step = Timestep(
        node.section.choice("mode", TIMESTEP_MODES),
        read_quantity_or_null(node, "duration", "s", sources),
    )
    node.section.close()
    return step


def _read_weights(root: Node, sources: Mapping[str, str]) -> Weights:
    node = root.child("weights")
    node.section.explain(
        endurance="writes that one stored weight survives; `null` also where it does not wear out",
    )
    node.expect("bits", "signed", "stochastic_rounding", "endurance", "sources", "confidence")
    weights = Weights(
        _integer_or_null(node, "bits"),
        _flag_or_null(node, "signed"),
        _flag_or_null(node, "stochastic_rounding"),
        read_quantity_or_null(node, "endurance", "writes", sources),
    )
    _check_evidence(node, sources)
    node.section.close()
    return weights


def _read_learning(root: Node, sources: Mapping[str, str]) -> Learning:
    node = root.child("learning")
    node.section.explain(
        rule="what the chip can learn by itself",
        trace_bits="bits of a trace of the learning rule",
    )
    node.expect("rule", "trace_bits", "sources", "confidence")
    learning = Learning(node.section.choice("rule", LEARNING), _integer_or_null(node, "trace_bits"))
    _check_evidence(node, sources)
    node.section.close()
    return learning


def _read_limits(root: Node, sources: Mapping[str, str]) -> dict[str, int]:
    node = root.child("limits")
    node.section.explain(
        cores="cores of the chip",
        neurons="neurons of the chip",
        neurons_per_core="neurons of a core",
        synapses="synapses of the chip",
        synapse_bytes_per_core="memory for synapses of a core, in bytes",
        fan_in="synapses that end in one neuron",
        fan_out="synapses that begin at one neuron",
        input_axons_per_core="axons that lead into a core",
        output_axons_per_core="axons that lead out of a core",
        neuron_settings_per_core="different settings of neurons in a core",
        threshold_settings_per_core="different thresholds in a core",
        synapse_settings_per_core="different formats of synapses in a core",
        trace_settings_per_core="different settings of traces in a core",
        delay_steps="longest delay of a synapse, in time steps",
    )
    node.expect(*LIMITS, "sources", "confidence")
    limits = {key: node.section.integer(key, low=1) for key in LIMITS if node.section.has(key)}
    if limits:
        if not node.section.has("sources"):
            raise node.section.missing(
                "sources", f"add it beside the limits, of which there are {', '.join(LIMITS)}"
            )
        _check_evidence(node, sources)
    node.section.close()
    return limits

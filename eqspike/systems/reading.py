"""Reading the description of a network from a model's sections."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.messages import Messages
from eqspike.core.network import Network, read_network
from eqspike.core.neurons import NEURONS, read_neuron
from eqspike.core.rates import (
    RATE_NEURONS,
    Dynamics,
    Feedback,
    Readout,
    read_rate_neuron,
    refuse_convolutions,
)
from eqspike.memory import Binary, Fixed, Ideal, Memory, Metaplastic, read_memory
from eqspike.rules import EqSpike, RateRule, read_rate_rule
from eqspike.rules.readings import writes_steps
from eqspike.systems.system import AnySystem, RateSystem, System
from eqspike.tasks.encoders import Encoder

PRECISIONS = ("float32", "float64")
RATE_PRECISIONS = (*PRECISIONS, "bfloat16")
RULES = ("eqspike",)


def read_system(section: Section, training: Section) -> AnySystem:
    """Read the sections of a model that describe its network.

    Args:
        section: the model; training: its `training` section, which holds learning rates and precision.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        UnsupportedError: for a combination that the mathematics refuses.
    """
    network = read_network(section)
    kind = section.section("neuron").choice("kind", (*RATE_NEURONS, *NEURONS))
    read = _rate_system if kind in RATE_NEURONS else _spiking_system
    return read(section, training, network)


def _spiking_system(section: Section, training: Section, network: Network) -> System:
    couplings = len(network.couplings)
    neuron = read_neuron(section.section("neuron"))
    if any(network.convolutions):
        raise UnsupportedError(
            f"{section.where('couplings')}: a convolution needs rate neurons, which engine 'torch' runs; engines "
            "fast, fast-int, brian2 and lava run dense couplings only; make all dense, or set neuron.kind to rate"
        )
    encoder = Encoder.read(section.section("encoder"))
    rule_section = section.section("rule")
    rule_section.choice("kind", RULES)
    return System(
        network,
        neuron,
        encoder,
        EqSpike.read(rule_section),
        _memory_of_spikes(section.section("memory", {"kind": "ideal"}), couplings),
        *_numbers(training, couplings, PRECISIONS),
    )


def _memory_of_spikes(section: Section, couplings: int) -> Ideal | Fixed:
    memory: Memory = read_memory(section, couplings)
    if isinstance(memory, (Ideal, Fixed)):
        return memory
    raise UnsupportedError(
        f"{section.where('kind')} {memory.kind} needs neurons of rates or bits (engine 'torch'), but the model's "
        "neurons spike, and their engines keep nothing beside a weight; use memory.kind fixed, or neuron.kind rate"
    )


def _rate_system(section: Section, training: Section, network: Network) -> RateSystem:
    couplings = len(network.couplings)
    neuron = read_rate_neuron(section.section("neuron"))
    dynamics = Dynamics.read(section.section("dynamics", {}))
    dynamics.refuse(neuron)
    feedback = Feedback.read(section.section("feedback", {}))
    rule = read_rate_rule(section.section("rule"), feedback, dynamics)
    memory = read_memory(section.section("memory", {"kind": "ideal"}), couplings)
    _refuse_steps(rule, memory)
    messages = Messages.read(section.section("messages", {}))
    refuse_convolutions(network, feedback, messages)
    return RateSystem(
        network,
        neuron,
        dynamics,
        feedback,
        rule,
        memory,
        *_numbers(training, couplings, RATE_PRECISIONS),
        Readout.read(section.section("output", {}), network.output.size),
        training.numbers("bias_rates", length=couplings, low=0, high=1e6)
        if training.has("bias_rates")
        else None,
        messages=messages,
    )


def _refuse_steps(rule: RateRule, memory: Memory) -> None:
    """Refuse to write single steps of a phase to a memory that weighs whole ones.

    Raises:
        UnsupportedError: for a continual rule and a memory that remembers.
    """
    if writes_steps(rule.reading) and isinstance(memory, (Binary, Metaplastic)):
        raise UnsupportedError(
            f"rule '{rule.kind}' asks for a change at every nudged step, but memory.kind {memory.kind} needs the "
            "contrast of a whole phase: the sign of one step's change is not that of their sum; use rule.kind ep"
        )


def _numbers(
    training: Section, couplings: int, precisions: tuple[str, ...]
) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    """Precision, learning rates and initial gains."""
    return (
        training.choice("precision", precisions, "float32"),
        training.numbers("learning_rates", length=couplings, low=0, high=1e6),
        training.numbers("initial_gain", (1.0,) * couplings, length=couplings, low=0, high=100),
    )

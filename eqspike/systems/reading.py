"""Reading the description of a network from a model's sections."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.messages import Messages
from eqspike.core.network import Network, read_network
from eqspike.core.neurons import NEURONS, read_neuron
from eqspike.core.rates import Dynamics, Feedback, Readout, refuse_convolutions, refuse_thresholds
from eqspike.core.registry import RATES, SPIKES
from eqspike.memory import WeightMemory, read_memory
from eqspike.rules import EqSpike, RateRule, read_rate_rule, read_spike_rule
from eqspike.rules.readings import writes_steps
from eqspike.systems.system import AnySystem, RateSystem, System
from eqspike.tasks.encoders import Encoder

PRECISIONS = ("float32", "float64")
RATE_PRECISIONS = (*PRECISIONS, "bfloat16")


def read_system(section: Section, training: Section) -> AnySystem:
    """Read the sections of a model that describe its network.

    Args:
        section: the model; training: its `training` section, which holds learning rates and precision.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        UnsupportedError: for a combination that the mathematics refuses.
    """
    section.explain(
        neuron="dynamics of the neurons",
        encoder="how pixels become input spikes",
        rule="how weights learn",
        memory="how weights are stored",
        dynamics="order of the updates, and where the nudge enters",
        feedback="weights that lead back from a layer to the one below",
        messages="what neurons send to each other",
        output="how classes are read from the last layer",
    )
    training.explain(
        bias_rates="learning rates of the biases, one per coupling; left out: those of the couplings",
        precision="number format of the simulation",
        learning_rates="one per coupling, from the input",
        initial_gain="weights start uniform in +-gain / sqrt(fan-in), one gain per coupling",
    )
    network = read_network(section)
    neuron = NEURONS.choose(section.section("neuron")).value
    read = _rate_system if neuron.signal == RATES else _spiking_system
    return read(section, training, network)


def _spiking_system(section: Section, training: Section, network: Network) -> System:
    couplings = len(network.couplings)
    neuron = read_neuron(section.section("neuron"), SPIKES)
    if any(network.convolutions):
        raise UnsupportedError(
            f"{section.where('couplings')}: a convolution needs rate neurons, which engine 'torch' runs; engines "
            "fast, fast-int, brian2 and lava run dense couplings only; make all dense, or set neuron.kind to rate"
        )
    encoder = Encoder.read(section.section("encoder"))
    rule = read_spike_rule(section.section("rule"))
    memory = read_memory(section.section("memory", {"kind": "ideal"}), couplings)
    _refuse_events(rule, memory)
    return System(
        network,
        neuron,
        encoder,
        rule,
        memory,
        *_numbers(training, couplings, PRECISIONS),
    )


def _refuse_events(rule: EqSpike, memory: WeightMemory) -> None:
    """Refuse to write single events to a memory that weighs whole batches.

    Raises:
        UnsupportedError: for learning event by event and a memory that keeps more than a weight's value.
    """
    if rule.online and memory.kept:
        raise UnsupportedError(
            f"rule.update online writes at every event, but memory.kind {memory.kind} weighs the change of a "
            "whole batch; use rule.update batch, or memory.kind ideal or fixed"
        )


def _rate_system(section: Section, training: Section, network: Network) -> RateSystem:
    couplings = len(network.couplings)
    neuron = read_neuron(section.section("neuron"), RATES)
    dynamics = Dynamics.read(section.section("dynamics", {}))
    dynamics.refuse(neuron)
    feedback = Feedback.read(section.section("feedback", {}))
    rule = read_rate_rule(section.section("rule"), feedback, dynamics)
    memory = read_memory(section.section("memory", {"kind": "ideal"}), couplings)
    _refuse_steps(rule, memory)
    messages = Messages.read(section.section("messages", {}))
    readout = Readout.read(section.section("output", {}), network.output.size)
    readout.refuse(neuron)
    refuse_convolutions(network, feedback, messages)
    refuse_thresholds(dynamics, messages)
    return RateSystem(
        network,
        neuron,
        dynamics,
        feedback,
        rule,
        memory,
        *_numbers(training, couplings, RATE_PRECISIONS),
        readout,
        training.numbers("bias_rates", length=couplings, low=0, high=1e6)
        if training.has("bias_rates")
        else None,
        messages=messages,
    )


def _refuse_steps(rule: RateRule, memory: WeightMemory) -> None:
    """Refuse to write single steps of a phase to a memory that weighs whole ones.

    Raises:
        UnsupportedError: for a continual rule and a memory that remembers.
    """
    if writes_steps(rule.reading) and memory.kept:
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

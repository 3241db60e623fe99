"""Models: one YAML a trained system, read strictly into objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eqspike import library
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
from eqspike.engines.protocol import AnySystem, RateSystem, System
from eqspike.memory import Binary, Fixed, Ideal, Memory, Metaplastic, read_memory
from eqspike.rules import EqSpike, RateRule, read_rate_rule
from eqspike.tasks.encoders import Encoder
from eqspike.training.schedule import Schedule

PRECISIONS = ("float32", "float64")
RATE_PRECISIONS = (*PRECISIONS, "bfloat16")
RULES = ("eqspike",)
DEFAULT_ENGINES: dict[type[AnySystem], str] = {System: "fast", RateSystem: "torch"}


@dataclass(frozen=True)
class Model:
    """A system and how it is trained by default.

    Attributes:
        name: library name or file stem; title: one line for people.
        system: the physics, of spikes or of rates.
        epochs: passes over the training set; batch_size: samples per weight update, or with `rule.update: online`,
            whose every event changes weights, samples handed to the engine at a time.
        schedule: learning-rate factor over the run.
        description: the mapping it was read from, as plain data (goes into a run's `config.yaml`).
    """

    name: str
    title: str
    system: AnySystem
    epochs: int
    batch_size: int
    schedule: Schedule
    description: dict[str, Any]

    @property
    def engine(self) -> str:
        """Engine that runs it unless another is asked for."""
        by_changes = isinstance(self.system, RateSystem) and self.system.messages.of_changes
        return "fast" if by_changes else DEFAULT_ENGINES[type(self.system)]

    def spiking_system(self, purpose: str) -> System:
        """The system, where only spikes will do.

        Args:
            purpose: what it is needed for, such as `the STDP figure`; begins the message.

        Raises:
            UnsupportedError: if the model's neurons are rates.
        """
        if isinstance(self.system, System):
            return self.system
        raise UnsupportedError(
            f"{purpose} needs spiking neurons, but model '{self.name}' has rate neurons; "
            "choose a model whose neurons spike ('eqspike list models')"
        )


def load_model(name_or_path: str) -> Model:
    """Read a model of the library, or the user's own YAML file.

    Raises:
        ConfigError: for anything wrong, naming file, key, rule and value.
        UnsupportedError: for a network that its rule refuses.
    """
    path = library.find("models", name_or_path)
    return read_model(library.load_yaml(path), str(path), path.stem)


def read_model(data: Any, source: str, name: str) -> Model:
    """Read a model from plain data; `source` is named in errors."""
    section = Section(data, source)
    title = section.text("title", name)
    network = read_network(section)
    kind = section.section("neuron").choice("kind", (*RATE_NEURONS, *NEURONS))
    training = section.section("training")
    read = _rate_system if kind in RATE_NEURONS else _spiking_system
    model = Model(
        name,
        title,
        read(section, training, network),
        training.integer("epochs", low=1, high=100_000),
        training.integer("batch_size", low=1, high=100_000),
        Schedule.read(training),
        dict(data),
    )
    training.close()
    section.close()
    return model


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
    if rule.continual and isinstance(memory, (Binary, Metaplastic)):
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

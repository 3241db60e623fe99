"""Models: one YAML a trained system, read strictly into objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.network import layered
from eqspike.core.neurons import read_neuron
from eqspike.engines.protocol import System
from eqspike.memory import read_memory
from eqspike.rules import EqSpike
from eqspike.tasks.encoders import Encoder
from eqspike.training.schedule import Schedule

PRECISIONS = ("float32", "float64")
RULES = ("eqspike",)


@dataclass(frozen=True)
class Model:
    """A system and how it is trained by default.

    Attributes:
        name: library name or file stem; title: one line for people.
        system: the physics.
        epochs: passes over the training set; batch_size: samples per weight update, or with `rule.update: online`,
            whose every event changes weights, samples handed to the engine at a time.
        schedule: learning-rate factor over the run.
        description: the mapping it was read from, as plain data (goes into a run's `config.yaml`).
    """

    name: str
    title: str
    system: System
    epochs: int
    batch_size: int
    schedule: Schedule
    description: dict[str, Any]


def load_model(name_or_path: str) -> Model:
    """Read a model of the library, or the user's own YAML file.

    Raises:
        ConfigError: for anything wrong, naming file, key, rule and value.
    """
    path = library.find("models", name_or_path)
    return read_model(library.load_yaml(path), str(path), path.stem)


def read_model(data: Any, source: str, name: str) -> Model:
    """Read a model from plain data; `source` is named in errors."""
    section = Section(data, source)
    title = section.text("title", name)
    sizes = section.numbers("layers", low=1, high=1_000_000)
    if any(size != int(size) for size in sizes):
        raise section.error("layers", "a list of whole numbers")
    try:
        network = layered(tuple(int(size) for size in sizes))
    except ConfigError as error:
        raise ConfigError(f"{section.where('layers')}: {error}") from error
    couplings = len(network.couplings)
    neuron = read_neuron(section.section("neuron"))
    encoder = Encoder.read(section.section("encoder"))
    rule_section = section.section("rule")
    rule_section.choice("kind", RULES)
    rule = EqSpike.read(rule_section)
    memory = read_memory(section.section("memory", {"kind": "ideal"}), couplings)
    training = section.section("training")
    system = System(
        network,
        neuron,
        encoder,
        rule,
        memory,
        training.choice("precision", PRECISIONS, "float32"),
        training.numbers("learning_rates", length=couplings, low=0, high=1e6),
        training.numbers("initial_gain", (1.0,) * couplings, length=couplings, low=0, high=100),
    )
    model = Model(
        name,
        title,
        system,
        training.integer("epochs", low=1, high=100_000),
        training.integer("batch_size", low=1, high=100_000),
        Schedule.read(training),
        dict(data),
    )
    training.close()
    section.close()
    return model

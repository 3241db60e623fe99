"""Models: one YAML a trained system, read strictly into objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.experiment.families import Subject, family, read_subject
from eqspike.systems import AnySystem, RateSystem, System
from eqspike.training.schedule import Schedule


@dataclass(frozen=True)
class Model:
    """A system and how it is trained by default.

    Attributes:
        name: library name or file stem; title: one line for people.
        subject: what it describes: the physics of a network of spikes or of rates, or a learner of its own.
        epochs: passes over the training set; batch_size: samples per weight update, or with `rule.update: online`,
            whose every event changes weights, samples handed to the engine at a time.
        schedule: learning-rate factor over the run.
        input_dropout: share of the input's values that are 0 in a presentation to learn from.
        description: the mapping it was read from, as plain data (goes into a run's `config.yaml`).
    """

    name: str
    title: str
    subject: Subject
    epochs: int
    batch_size: int
    schedule: Schedule
    input_dropout: float
    description: dict[str, Any]

    @property
    def engine(self) -> str:
        """Engine that runs it unless another is asked for."""
        return family(self.subject).engine(self.subject)

    @property
    def system(self) -> AnySystem:
        """The network, where only one will do.

        Raises:
            UnsupportedError: if the model is a learner of its own.
        """
        if isinstance(self.subject, (System, RateSystem)):
            return self.subject
        raise UnsupportedError(
            f"this needs a network of spikes or rates, but model '{self.name}' is a learner of its own "
            f"(learner.kind {self.subject.kind}); choose a model without a 'learner' section"
        )

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
    return read_model_section(Section(data, source), name, dict(data))


def read_model_section(section: Section, name: str, description: dict[str, Any]) -> Model:
    """Read a model from its mapping, kept as `description`."""
    section.explain(
        title="one line for people; left out: the file's name",
        training="how the model is trained unless told otherwise",
    )
    title = section.text("title", name)
    training = section.section("training")
    training.explain(
        epochs="passes over the training set",
        batch_size="samples per weight update; with `rule.update: online`, samples handed to the engine at a time",
        input_dropout="share of the input's values that are 0 in training, in each presentation others",
    )
    model = Model(
        name,
        title,
        read_subject(section, training),
        training.integer("epochs", low=1, high=100_000),
        training.integer("batch_size", low=1, high=100_000),
        Schedule.read(training),
        training.number("input_dropout", 0.0, low=0, high=0.99),
        description,
    )
    training.close()
    section.close()
    return model

"""What a measure is, and what it is taken of: a trained run, a model's initial weights, or no model at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.experiment.configuration import Configuration
from eqspike.experiment.data import image_task
from eqspike.experiment.runs import open_learner
from eqspike.systems import RateSystem
from eqspike.tasks import Curriculum
from eqspike.training import RunFolder

Rows = dict[str, dict[str, float]]
"""A name for each row, which may be empty, and values by column."""


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        seed: of what is drawn.
        configuration: model, task and seed; None where a measure is of no model.
        run: folder of the trained run; None: initial weights.
    """

    seed: int
    configuration: Configuration | None = None
    run: RunFolder | None = None

    @property
    def of_model(self) -> Configuration:
        """The configuration.

        Raises:
            UnsupportedError: if there is none.
        """
        if self.configuration is None:
            raise UnsupportedError("this measure is of a model; give 'model' and 'task'")
        return self.configuration

    @property
    def trained(self) -> RunFolder:
        """The run.

        Raises:
            UnsupportedError: if nothing was trained.
        """
        if self.run is None:
            raise UnsupportedError("this measure is of a trained run; leave 'train: false' out")
        return self.run

    def recipe(self, kind: str) -> Any:
        """The model's learner.

        Raises:
            UnsupportedError: if it is of another kind.
        """
        subject = self.of_model.model.subject
        if getattr(subject, "kind", None) != kind:
            raise UnsupportedError(
                f"this measure is of learner.kind '{kind}', got {self.of_model.model.name}"
            )
        return subject

    @property
    def rate_system(self) -> RateSystem:
        """The rate-based network.

        Raises:
            UnsupportedError: if the model is something else.
        """
        system = self.of_model.model.system
        if not isinstance(system, RateSystem):
            raise UnsupportedError(
                f"this measure is of rates, got model '{self.of_model.model.name}'"
            )
        return system

    def weights(self) -> Arrays:
        """Weights of the run, or the initial ones."""
        return self.initial() if self.run is None else self.run.weights()

    def initial(self) -> Arrays:
        """All state before training."""
        with open_learner(self.of_model) as learner:
            return learner.state()

    def samples(self, number: int) -> tuple[Any, Any]:
        """The first images and labels of the training set; of a curriculum, of its first task."""
        task = image_task(self.of_model)
        first = (
            task.stages(self.seed)[0].train if isinstance(task, Curriculum) else task.load("train")
        )
        return first.inputs[:number], first.targets[:number]


class Measure(Protocol):
    """One kind of measurement, with its settings.

    Attributes:
        title: what its rows are, for a table.
    """

    title: ClassVar[str]

    @staticmethod
    def read(section: Section) -> Measure:
        """Read its settings."""
        ...

    def __call__(self, subject: Subject) -> Rows:
        """Measure."""
        ...

"""All measures that a table may ask for beside accuracy; each is read strictly from the table's `measures`.

What needs PyTorch is imported when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.experiment.gradients import check_gradient
from eqspike.experiment.reproduction.measuring import Measure, Rows, Subject
from eqspike.training.curriculum import learnt_accuracy


@dataclass(frozen=True)
class Trajectories:
    """Gradient error of Equilibrium Propagation on trajectories, by boundary condition (`nn.boundaries`)."""

    steps: int
    title: ClassVar[str] = (
        "Gradient of Equilibrium Propagation on trajectories, by what trajectories share"
    )

    @staticmethod
    def read(section: Section) -> Trajectories:
        """See `Measure`."""
        return Trajectories(section.integer("steps", 400, low=2, high=100_000))

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        from eqspike.nn.boundaries import experiments

        return {
            f"{row.condition}: {row.estimator}": {
                "relative error": row.relative_error,
                "cosine": row.cosine,
            }
            for row in experiments(subject.seed, steps=self.steps)
        }


@dataclass(frozen=True)
class GradientCheck:
    """The gradient check of a model, as `eqspike check-gradient` makes it."""

    samples: int
    title: ClassVar[str] = "Gradient against the exact one, all parameters"

    @staticmethod
    def read(section: Section) -> GradientCheck:
        """See `Measure`."""
        return GradientCheck(section.integer("samples", 8, low=1, high=100_000))

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        run = None if subject.run is None else str(subject.run.path)
        data = check_gradient(subject.of_model, samples=self.samples, run=run).to_json()
        if "cosine" not in data:
            raise UnsupportedError("the gradient check of this model has no one cosine a parameter")
        return {
            "": {
                "least cosine": min(data["cosine"].values()),
                "largest relative error": max(data["relative_error"].values()),
            }
        }


@dataclass(frozen=True)
class GradientBias:
    """Bias of algorithms of energy blocks against the exact gradient, by beta and layer."""

    samples: int
    algorithms: tuple[str, ...]
    betas: tuple[float, ...]
    title: ClassVar[str] = "Cosine of each layer's gradient with the exact one"

    @staticmethod
    def read(section: Section) -> GradientBias:
        """See `Measure`."""
        return GradientBias(
            section.integer("samples", 8, low=1, high=10_000),
            section.texts("algorithms"),
            section.numbers("betas", low=1e-6, high=100),
        )

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        from eqspike.analysis.gradients.bias import bias

        recipe = subject.recipe("energy-block")
        images, labels = subject.samples(self.samples)
        weights = subject.weights()
        found = bias(recipe, images, labels, weights, subject.seed, self.algorithms, self.betas)
        return {
            name if beta is None else f"{name}, beta {beta:g}": {
                f"layer {layer}": each.cosine
                for layer, each in enumerate(_of_weights(similarities), start=1)
            }
            for (name, beta), similarities in found.items()
        }


@dataclass(frozen=True)
class HeldAngles:
    """Angle of target propagation to backpropagation by kind of feedback, forward weights held."""

    batches: int
    batch_size: int
    kinds: tuple[str, ...]
    iterated: Mapping[str, Any]
    title: ClassVar[str] = "Angle to backpropagation's gradient, initial weights held, degrees"

    @staticmethod
    def read(section: Section) -> HeldAngles:
        """See `Measure`."""
        return HeldAngles(
            section.integer("batches", 20, low=1, high=100_000),
            section.integer("batch_size", 128, low=1, high=100_000),
            section.texts("kinds"),
            {
                "iterations": section.integers("iterations", low=1, high=1_000_000),
                "noise": section.numbers("noise", low=0),
                "rate": section.numbers("rate", low=0),
            },
        )

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        from eqspike.analysis.gradients.targets import held_angles

        images, labels = subject.samples(self.batches * self.batch_size)
        found = held_angles(
            subject.recipe("dtp"),
            images,
            labels,
            subject.seed,
            self.kinds,
            self.batch_size,
            self.iterated,
        )
        return {kind: _angles(rows) for kind, rows in found.items()}


@dataclass(frozen=True)
class TargetAngles:
    """Angle of target propagation to backpropagation, with the weights and the feedback of a run."""

    samples: int
    title: ClassVar[str] = "Angle to backpropagation's gradient after training, degrees"

    @staticmethod
    def read(section: Section) -> TargetAngles:
        """See `Measure`."""
        return TargetAngles(section.integer("samples", 256, low=1, high=100_000))

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        from eqspike.analysis.gradients.targets import angles_of

        images, labels = subject.samples(self.samples)
        found = angles_of(
            subject.recipe("dtp"), images, labels, subject.trained.weights(), subject.seed
        )
        return {"": _angles(found)}


@dataclass(frozen=True)
class UpdateAngles:
    """Angle of a rate-based rule's first update to minus the gradient; of C-VF's weights, before and after."""

    samples: int
    title: ClassVar[str] = "Angles, degrees"

    @staticmethod
    def read(section: Section) -> UpdateAngles:
        """See `Measure`."""
        return UpdateAngles(section.integer("samples", 20, low=1, high=100_000))

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        from eqspike.analysis.gradients.feedback import update_angles, weights_angle

        images, labels = subject.samples(self.samples)
        system, initial = subject.rate_system, subject.initial()
        update = update_angles(system, initial, images, labels)
        found = {
            "first update to minus the gradient": update["all"],
            "the same, input's weights": update["input"],
        }
        if system.feedback.kind != "tied":
            found["backward to forward weights, before"] = weights_angle(initial)
            found["after"] = weights_angle(subject.trained.weights())
        return {"": found}


@dataclass(frozen=True)
class Forgetting:
    """What is left of each task of a curriculum: accuracy when it was learnt and at the end, in percent."""

    title: ClassVar[str] = "Accuracy on each task in percent, when it was learnt and at the end"

    @staticmethod
    def read(section: Section) -> Forgetting:
        """See `Measure`."""
        del section
        return Forgetting()

    def __call__(self, subject: Subject) -> Rows:
        """See `Measure`."""
        records = subject.trained.metrics()
        stages = cast("Sequence[float]", records[-1].get("test_accuracy_by_stage", ()))
        if not stages:
            raise UnsupportedError("forgetting is of a curriculum: several tasks learnt in turn")
        learnt = {
            f"task {n}": 100 * value for n, value in enumerate(learnt_accuracy(records), start=1)
        }
        left = {f"task {n}": 100 * value for n, value in enumerate(stages, start=1)}
        mean = {
            name: float(np.mean(list(each.values()))) for name, each in (("l", learnt), ("e", left))
        }
        return {
            "when learnt": learnt | {"mean": mean["l"]},
            "at the end": left | {"mean": mean["e"]},
        }


MEASURES: Mapping[str, type[Measure]] = {
    "trajectories": Trajectories,
    "gradient-check": GradientCheck,
    "gradient-bias": GradientBias,
    "held-angles": HeldAngles,
    "target-angles": TargetAngles,
    "update-angles": UpdateAngles,
    "forgetting": Forgetting,
}
"""By the name under which a table asks for them."""


def _of_weights(similarities: Mapping[str, Any]) -> list[Any]:
    """Of weights alone, biases left out, in the order of the layers."""
    return [each for name, each in similarities.items() if "bias" not in name]


def _angles(rows: Sequence[Any]) -> dict[str, float]:
    return {f"layer {number}": row.angle for number, row in enumerate(rows, start=1)}

"""All learners by the name used in a model's `learner` section; a learner's module is imported when it is read."""

from __future__ import annotations

import importlib
import inspect
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

from eqspike.core.config import Section
from eqspike.core.errors import missing_package
from eqspike.core.learner import Learner
from eqspike.core.registry import Registry


class Recipe(Protocol):
    """A learner as a model describes it: plain data, which opens a learner.

    Attributes:
        kind: name in a model's `learner` section.
        messages: what synapses are sent, for reports; see `energy.wording`.
        presented: `images` or `series`, whichever its learner takes; empty if it takes both.
        data_parallel: whether its learner keeps `nn.shares`, so that several processes can share each batch.
    """

    kind: ClassVar[str]
    messages: ClassVar[str] = "values"
    presented: ClassVar[str] = ""
    data_parallel: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def read(section: Section, training: Section) -> Recipe:
        """Read the `learner` section; `training` holds the learning rates."""
        ...

    @abstractmethod
    def open(self, seed: int, device: str, stages: int) -> Learner:
        """A learner with its initial weights drawn from `seed`, on a torch device."""
        ...

    @abstractmethod
    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """What does not fit such inputs and outputs: a sentence whose subject is the model; or nothing."""
        ...

    def misfit_of_values(self) -> str:
        """What does not fit targets that are values instead of labels, and what to set; or nothing."""
        return "learns labels, but the task's targets are values; choose a task of classes"

    @abstractmethod
    def weights(self) -> dict[str, int]:
        """Numbers of weights, by the names under which their updates are counted."""
        ...


@dataclass(frozen=True)
class Built:
    """A recipe whose module is imported when it is read.

    Attributes:
        place: module and class, as `module:class`; about: one line for lists.
    """

    place: str
    about: str

    def read(self, section: Section, training: Section) -> Recipe:
        """What the class reads.

        Raises:
            MissingPackageError: without PyTorch.
        """
        module, _, name = self.place.partition(":")
        try:
            recipe: type[Recipe] = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as missing:
            if missing.name != "torch":
                raise
            purpose = "a model with a 'learner' section"
            raise missing_package("torch", "torch", purpose) from missing
        return recipe.read(section, training)


def _lacks_of_recipe(recipe: object) -> str:
    derived = isinstance(recipe, type) and Recipe in recipe.__mro__
    if derived and not inspect.isabstract(recipe):
        return ""
    return "a class derived from `learners.registry.Recipe`, with all of its methods"


LEARNERS: Registry[Built | type[Recipe]] = Registry(
    "learner",
    "eqspike.learners",
    {
        "backprop": Built(
            "eqspike.learners.backprop:Backprop", "rate-based networks trained by backpropagation"
        ),
        "energy-block": Built(
            "eqspike.learners.energy:EnergyRecipe",
            "energy-based blocks that relax: seven contrastive algorithms and their limits",
        ),
        "hssm": Built(
            "eqspike.learners.series:SeriesRecipe",
            "Hamiltonian state-space models on series, learning by echo (RHEL) or through time",
        ),
        "dtp": Built(
            "eqspike.learners.target_propagation:TargetRecipe",
            "difference target propagation, its feedback iterated or solved for",
        ),
        "norse": Built(
            "eqspike.learners.surrogate:SurrogateRecipe",
            "a spiking network in Norse, by surrogate gradients through time",
        ),
        "binary-backprop": Built(
            "eqspike.learners.binary:BinaryBackprop",
            "binary networks with hidden weights, trained by backpropagation",
        ),
    },
    _lacks_of_recipe,
    members=("kind",),
)


def read_recipe(section: Section, training: Section) -> Recipe:
    """Read a model's `learner` section: `kind` and the parameters of that kind.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        MissingPackageError: without PyTorch.
    """
    recipe: Recipe = LEARNERS.read(section, training)
    return recipe

"""All learners by the name used in a model's `learner` section; a learner's module is imported when it is read."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar, Protocol

from eqspike.core.config import Section
from eqspike.core.errors import missing_package
from eqspike.core.learner import Learner


class Recipe(Protocol):
    """A learner as a model describes it: plain data, which opens a learner.

    Attributes:
        kind: name in a model's `learner` section.
    """

    kind: ClassVar[str]

    @staticmethod
    def read(section: Section, training: Section) -> Recipe:
        """Read the `learner` section; `training` holds the learning rates."""
        ...

    def open(self, seed: int, device: str, stages: int) -> Learner:
        """A learner with its initial weights drawn from `seed`, on a torch device."""
        ...

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """What does not fit such inputs and outputs: a sentence whose subject is the model; or nothing."""
        ...

    def weights(self) -> dict[str, int]:
        """Numbers of weights, by the names under which their updates are counted."""
        ...


LEARNERS: dict[str, str] = {
    "backprop": "eqspike.learners.backprop:Backprop",
    "binary-backprop": "eqspike.learners.binary:BinaryBackprop",
}


def read_recipe(section: Section, training: Section) -> Recipe:
    """Read a model's `learner` section: `kind` and the parameters of that kind.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        MissingPackageError: without PyTorch.
    """
    module, _, name = LEARNERS[section.choice("kind", tuple(LEARNERS))].partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise missing_package("torch", "torch", "a model with a 'learner' section") from missing
    recipe: Recipe = found.read(section, training)
    section.close()
    return recipe

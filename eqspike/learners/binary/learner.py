"""The binary network as a learner of a sequence of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from eqspike.learners.binary.metaplastic_adam import MetaplasticAdam
from eqspike.learners.binary.network import BinaryNetwork, Normalisation


@dataclass(frozen=True)
class Recipe:
    """How the binary network learns; the defaults are those of the paper's permuted MNIST, but for the size.

    Attributes:
        sizes: neurons of each layer, input first.
        m: metaplasticity.
        learning_rate, decay: of Adam.
        batch_size: samples of a step.
        gamma, statistics: see `BinaryNetwork`.
        reset: a new optimiser at the start of each task, as in the published code, so that the learner is told
            where tasks begin; otherwise its momentum and deviation go on.
        own_normalisation: each task is tested with the normalisations as they were when it was last trained.
    """

    sizes: tuple[int, ...] = (784, 512, 512, 10)
    m: float = 0.0
    learning_rate: float = 0.005
    decay: float = 1e-7
    batch_size: int = 100
    gamma: str = "uniform"
    statistics: str = "batch"
    reset: bool = True
    own_normalisation: bool = True


class BinaryLearner:
    """Learns one task after another by backpropagation; see `training.curriculum.Learner`.

    Args:
        recipe: how.
        seed: of the initial state.
    """

    def __init__(self, recipe: Recipe, seed: int = 0) -> None:
        self.recipe = recipe
        self.network = BinaryNetwork(recipe.sizes, recipe.gamma, recipe.statistics, seed)
        self._optimiser = self._new_optimiser()
        self._kept: dict[int, Normalisation] = {}
        self._task = 0

    def begin(self, task: int) -> None:
        """What is learnt from now on is task number `task`."""
        if self.recipe.reset:
            self._optimiser = self._new_optimiser()
        self._task = task

    def learn(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], order: NDArray[np.int64]
    ) -> None:
        """One epoch: batches of the samples in this order; cross-entropy."""
        self.network.train()
        for first in range(0, len(order), self.recipe.batch_size):
            chosen = order[first : first + self.recipe.batch_size]
            if len(chosen) < 2:  # a single sample has no variance to normalise by
                break
            logits = self.network(_levels(images[chosen]))
            loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels[chosen]))
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        self._kept[self._task] = self.network.normalisation()

    def predict(self, images: NDArray[np.uint8], task: int, block: int = 1000) -> NDArray[np.int64]:
        """Class of each image of a task; with batch statistics, those of its block of images are used."""
        own = self._kept.get(task) if self.recipe.own_normalisation else None
        now = self.network.normalisation()
        self.network.set_normalisation(own or now)
        self.network.eval()
        with torch.no_grad():
            blocks: Sequence[NDArray[np.int64]] = [
                self.network(_levels(images[first : first + block])).argmax(1).numpy()
                for first in range(0, len(images), block)
            ]
        self.network.set_normalisation(now)
        return np.concatenate(blocks)

    def hidden_weights(self) -> list[NDArray[np.float64]]:
        """Copies of the hidden weights of each coupling, from the input."""
        return [
            weight.detach().numpy().astype(np.float64).copy() for weight in self.network.weights
        ]

    def _new_optimiser(self) -> MetaplasticAdam:
        recipe = self.recipe
        return MetaplasticAdam(
            self.network.parameters(), recipe.m, recipe.learning_rate, decay=recipe.decay
        )


def _levels(images: NDArray[np.uint8]) -> torch.Tensor:
    """Pixels as real numbers 0 to 1."""
    return torch.from_numpy(images.astype(np.float32)).div_(255)

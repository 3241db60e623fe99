"""The binary network as a learner: what it keeps of each task of a curriculum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays, Batch, Outputs, Pace
from eqspike.learners.binary.metaplastic_adam import MetaplasticAdam
from eqspike.learners.binary.network import GAMMAS, STATISTICS, BinaryNetwork
from eqspike.learners.fit import misfit_of_layers
from eqspike.learners.gradient import BLOCK, GradientLearner, levels
from eqspike.learners.registry import Recipe
from eqspike.nn import shares

_TASK = "task"


@dataclass(frozen=True)
class BinaryBackprop(Recipe):
    """How the binary network learns; the defaults are those of the paper's permuted MNIST, but for the size.

    Attributes:
        layers: neurons of each layer, input first.
        m: metaplasticity.
        learning_rate, decay: of Adam.
        gamma, statistics: see `BinaryNetwork`.
        reset: a new optimiser at the start of each task, as in the published code, so that the learner is told
            where tasks begin; otherwise its momentum and deviation go on.
        own_normalisation: each task is tested with the normalisations as they were when it was last trained.
    """

    layers: tuple[int, ...] = (784, 512, 512, 10)
    m: float = 0.0
    learning_rate: float = 0.005
    decay: float = 1e-7
    gamma: str = "uniform"
    statistics: str = "batch"
    reset: bool = True
    own_normalisation: bool = True
    kind: ClassVar[str] = "binary-backprop"
    presented: ClassVar[str] = "images"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> BinaryBackprop:
        """Read a model's `learner` section of kind `binary-backprop`."""
        section.explain(
            metaplasticity="how strongly large hidden weights resist a change of sign; 0: not at all",
            gamma="initial scales of the batch normalisations",
            statistics="averages that batch normalisation uses in tests",
            reset_optimiser="whether each task starts with a new optimiser: the learner is told of tasks",
        )
        training.explain(
            learning_rate="of Adam",
            weight_decay="L2 penalty of Adam",
        )
        return BinaryBackprop(
            section.integers("layers", low=1, high=1_000_000, least=2),
            section.number("metaplasticity", 0.0, low=0, high=1e6),
            training.number("learning_rate", 0.005, above=0, high=1e6),
            training.number("weight_decay", 1e-7, low=0, high=1e3),
            section.choice("gamma", GAMMAS, "uniform"),
            section.choice("statistics", STATISTICS, "batch"),
            section.flag("reset_optimiser", True),
            section.flag("own_normalisation", True),
        )

    def open(self, seed: int, device: str, stages: int) -> BinaryLearner:
        """A learner with its initial weights drawn from `seed`."""
        return BinaryLearner(self, seed, device, stages)

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        return misfit_of_layers(self.layers, input_shape, outputs)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        module = BinaryNetwork(self.layers, self.gamma, self.statistics)
        return {name: value.numel() for name, value in module.named_parameters()}


class BinaryLearner:
    """Learns one task after another by backpropagation through straight-through gradients. A context manager.

    Args:
        recipe: how; seed: of the initial weights; device: name of a torch device; stages: tasks of the curriculum.
    """

    def __init__(
        self, recipe: BinaryBackprop, seed: int = 0, device: str = "cpu", stages: int = 1
    ) -> None:
        self.recipe, self._task = recipe, 0
        self._keeps = stages > 1 and recipe.own_normalisation
        self._kept: dict[int, Arrays] = {}
        self.network = BinaryNetwork(recipe.layers, recipe.gamma, recipe.statistics, seed)
        loss = torch.nn.functional.cross_entropy
        self._inner = GradientLearner(
            self.network, partial(_adam, recipe), loss, levels, device=device
        )

    def __enter__(self) -> BinaryLearner:
        self._inner.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._inner.__exit__(*exception)

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch; from a single sample, which has no variance to normalise by, nothing is learnt.

        With batch statistics its outputs are 0.
        """
        if batch.stage != self._task:
            self._task = batch.stage
            if self.recipe.reset:
                self._inner.new_optimiser()
        if shares.total(len(batch)) < 2:
            if self.recipe.statistics == "running":
                return self._inner.predict(batch)
            return np.zeros((len(batch), self.recipe.layers[-1]), np.float32)
        outputs = self._inner.fit(batch, pace)
        if self._keeps:
            self._kept[self._task] = self._normalisation()
        return outputs

    def predict(self, batch: Batch) -> Outputs:
        """Outputs of each sample; with batch statistics, those of its block of samples are used.

        Raises:
            ConfigError: for a block of one sample with batch statistics.
        """
        if len(batch) % BLOCK == 1 and self.recipe.statistics == "batch":
            raise ConfigError(
                "learner.statistics batch cannot judge a sample that is alone in its block: it has no variance to "
                f"normalise by, got {len(batch)} samples; use another limit, or learner.statistics running"
            )
        own = self._kept.get(batch.stage)
        if own is None:
            return self._inner.predict(batch)
        now = self._normalisation()
        self._set_normalisation(own)
        outputs = self._inner.predict(batch)
        self._set_normalisation(now)
        return outputs

    def weights(self) -> Arrays:
        """Hidden weights and normalisations by name."""
        return self._inner.weights()

    def state(self) -> Arrays:
        """Those, the optimiser's memory, the number of the task and the normalisations of each task."""
        kept = {
            f"{_TASK}{stage}/{name}": array
            for stage, arrays in self._kept.items()
            for name, array in arrays.items()
        }
        return self._inner.state() | kept | {_TASK: np.array(self._task)}

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned."""
        kept = {name: array for name, array in state.items() if name.startswith(_TASK)}
        self._inner.load({name: array for name, array in state.items() if name not in kept})
        self._task = int(kept.pop(_TASK, np.array(0)))
        self._kept = {}
        for name, array in kept.items():
            task, _, own = name.partition("/")
            self._kept.setdefault(int(task.removeprefix(_TASK)), {})[own] = array

    def take_counts(self) -> EventCounts:
        """Multiply-accumulates and weight updates since the last call."""
        return self._inner.take_counts()

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Nothing spikes."""
        return {}

    def _normalisation(self) -> Arrays:
        norms = self.network.norms.state_dict()
        return {name: value.detach().cpu().numpy().copy() for name, value in norms.items()}

    def _set_normalisation(self, kept: Arrays) -> None:
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in kept.items()}
        self.network.norms.load_state_dict(tensors)


def _adam(recipe: BinaryBackprop, module: torch.nn.Module) -> MetaplasticAdam:
    return MetaplasticAdam(module.parameters(), recipe.m, recipe.learning_rate, decay=recipe.decay)

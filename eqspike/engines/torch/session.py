"""A rate-based network inside the torch engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace, stacked
from eqspike.engines.offers import refuse_unlike
from eqspike.engines.tally import RateTally
from eqspike.engines.tally import event_counts as message_counts
from eqspike.engines.torch.arrays import as_numpy, pre_first
from eqspike.engines.torch.counting import effective_synapses
from eqspike.engines.torch.device import DTYPES, STORED, read_device, threads
from eqspike.engines.torch.differences import ChangeDifferences, Moving, after_free, residuals
from eqspike.engines.torch.events import ChangeRelaxation
from eqspike.engines.torch.learning import AnyRelaxation, Learning, Lesson, Rates, nudged
from eqspike.engines.torch.relaxation import Relaxation
from eqspike.engines.torch.wiring import Working, by_name, make_couplings
from eqspike.engines.torch.writing import make_writer
from eqspike.engines.value_counts import event_counts
from eqspike.rules.readings import writes_steps
from eqspike.systems import SINGLE, RateSystem
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import (
    backward_name,
    check_arrays,
    initial_rate_weights,
    kept_beside,
    kept_names,
    nudge_strengths,
    rate_shapes,
)

KEPT_SIZES = 4
"""Batch sizes whose buffers are kept."""


def open_torch(system: RateSystem, seed: int, *options: str) -> TorchSession:
    """Open a system on the device that the options name: `cpu` or `cuda`."""
    return TorchSession(system, seed, read_device(*options))


class TorchSession:
    """A trained or untrained rate-based network. A context manager.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        device: where to compute.

    Raises:
        UnsupportedError: for a combination this engine refuses.
    """

    def __init__(
        self, system: RateSystem, seed: int = 0, device: torch.device | None = None
    ) -> None:
        refuse_unlike(system, "torch")
        self.system = system
        self._device = device or torch.device("cpu")
        self._dtype = STORED[system.precision]
        self._couplings = make_couplings(system, self._zeros)
        self._biases = [self._zeros(layer.biases) for layer in system.network.free_layers]
        self._relaxations: dict[int, AnyRelaxation] = {}
        self._tally = RateTally()
        self._residuals: list[NDArray[np.float64]] = []
        stored = self._couplings, self._biases
        self._working = Working(system, *stored, DTYPES[system.precision])
        self._writer = make_writer(system.memory, self._couplings)
        self._learning = Learning(system, *stored, self._writer, self._tally)
        self._largest = max(coupling.synapses() for coupling in system.network.couplings)
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> TorchSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._relaxations.clear()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch; see `core.learner.Session`."""
        self._check(images, labels)
        rates = Rates.of(self.system, rate_factor)
        with self._computing(len(images)):
            relaxation = self._free(images, learning=True)
            scores = as_numpy(self._scores(relaxation))
            lesson = self._lesson(labels, keys)
            if writes_steps(self.system.rule.reading):
                self._learning.continually(relaxation, lesson, rates)
            else:
                self._learning.at_the_end(relaxation, lesson, rates, write_key)
            self._count(relaxation)
        return scores

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Output rates at the end of the free phase, means over the replicas of a class: (samples, classes)."""
        del keys
        with self._computing(len(images)):
            relaxation = self._free(images, learning=False)
            self._count(relaxation)
            if self.system.dynamics.of_differences:
                self._residuals.append(as_numpy(residuals(relaxation)))
            return as_numpy(self._scores(relaxation))

    def take_residuals(self) -> NDArray[np.float64]:
        """See `core.learner.MeasuresRest`; difference form asks for rest."""
        taken: NDArray[np.float64] = np.concatenate([np.zeros(0), *self._residuals])
        self._residuals.clear()
        return taken

    def rates(self, images: Images) -> Arrays:
        """Rates at the end of the free phase, by layer, (samples, neurons); nothing is counted."""
        with self._computing(len(images)):
            return self._by_layer(self._free(images).values)

    def trajectory(
        self, images: Images, labels: Labels, betas: NDArray[np.float64], rate_factor: float = 0.0
    ) -> Arrays:
        """Rates before the first nudged step and after each, by layer, (1 + steps, samples, neurons).

        Weights stay as they are, but move meanwhile if the rule is continual and `rate_factor` not 0. Nothing is
        counted.

        Args:
            betas: signed nudging strength of each sample, instead of the rule's.
        """
        self._check(images, labels)
        kept = self.weights()
        with self._computing(len(images)):
            relaxation = self._free(images)
            phase = self.system.rule.phases[1]
            strengths = self._tensor(betas)[:, None]
            lesson = Lesson(self._targets(labels), {phase.name: strengths}, strengths)
            moving = after_free(self.system, relaxation)
            seen = [self._by_layer(moving.values)]
            rates = Rates.of(self.system, rate_factor)
            follow = self._learning.follow(relaxation, lesson, rates) if rate_factor else None

            def after(number: int) -> None:
                if follow is not None:
                    follow.after()
                seen.append(self._by_layer(moving.values))

            moving.nudge(lesson.targets, strengths)
            moving.run(phase.steps, after)
        self.load(kept)
        return {name: np.stack([states[name] for states in seen]) for name in seen[0]}

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Present a batch through all phases with weights held; nothing is counted."""
        self._check(images, labels)
        seen: list[list[Arrays]] = []
        with self._computing(len(images)):

            def after(number: int) -> None:
                del number
                kinds: list[Sequence[Tensor]] = [moving.values, moving.shown]
                if isinstance(moving, ChangeRelaxation | ChangeDifferences):
                    kinds.append(moving.sends)
                seen.append([self._by_layer(kind) for kind in kinds])

            relaxation = self._relaxation(images)
            moving: Moving = relaxation
            relaxation.run(self.system.rule.phases[0].steps, after)
            moving = after_free(self.system, relaxation)
            nudged(self.system, moving, self._lesson(labels, keys), after=after)
        return stacked(seen)

    def changes(self, images: Images, labels: Labels, keys: Keys) -> Arrays:
        """Mean change the rule asks of each weight and bias with learning rate 1, without writing anything.

        Weights are held during the nudged phase, also where the rule is continual.
        """
        self._check(images, labels)
        with self._computing(len(images)):
            relaxation, lesson = self._free(images), self._lesson(labels, keys)
            forward, backward, biases = self._learning.wanted(relaxation, lesson)
        return by_name(self.system, forward, backward, biases)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        kept = {
            name: pre_first(self._writer.kept[index][key])
            for index, names in enumerate(kept_names(self.system))
            for key, name in names.items()
        }
        return kept | by_name(
            self.system,
            [coupling.weight for coupling in self._couplings],
            [coupling.back for coupling in self._couplings],
            self._biases,
        )

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        What the memory keeps beside them starts anew where it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        check_arrays({n: a for n, a in weights.items() if n not in kept}, rate_shapes(self.system))
        both = zip(self.system.network.couplings, self._couplings, strict=True)
        for index, (coupling, of) in enumerate(both):
            stored = self.system.memory.store(weights[coupling.name], index)
            of.weight.copy_(self._tensor(np.moveaxis(stored, -1, 0)))
            if of.back is not of.weight:
                of.back.copy_(self._tensor(weights[backward_name(coupling)]))
        for layer, bias in zip(self.system.network.free_layers, self._biases, strict=True):
            bias.copy_(self._tensor(weights[f"{layer.name}.bias"]))
        for index, names in enumerate(kept_names(self.system)):
            for key, name in names.items():
                array = np.ascontiguousarray(np.moveaxis(kept[name], -1, 0))
                self._writer.kept[index][key].copy_(torch.from_numpy(array))

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        if self.system.messages.of_changes:
            counts = message_counts(self.system, self._tally)
        else:
            effective = effective_synapses(self.system.network, self._couplings)
            counts = event_counts(self.system, self._tally, effective)
        self._tally.clear()
        return counts

    @contextmanager
    def _computing(self, samples: int) -> Iterator[None]:
        with torch.inference_mode(), threads(samples * self._largest):
            yield

    def _free(self, images: Images, learning: bool | None = None) -> AnyRelaxation:
        """The end of the free phase of a batch, counted unless `learning` is None."""
        steps = self.system.rule.phases[0].steps
        relaxation = self._relaxation(images)
        if learning is not None:
            self._tally.begin(len(images), steps, learning)
        relaxation.run(steps)
        return relaxation

    def _relaxation(self, images: Images) -> AnyRelaxation:
        """The start of a batch."""
        check_images(images, self.system.network.input.size)
        relaxation = self._relaxations.get(len(images))
        if relaxation is None:
            if len(self._relaxations) == KEPT_SIZES:
                self._relaxations.clear()
            kind = ChangeRelaxation if self.system.messages.of_changes else Relaxation
            relaxation = kind(self.system, *self._working.arrays, len(images))
            self._relaxations[len(images)] = relaxation
        self._working.refresh()
        relaxation.start(self._tensor(images))
        return relaxation

    def _count(self, relaxation: AnyRelaxation) -> None:
        if isinstance(relaxation, ChangeRelaxation):
            relaxation.count(self._tally)

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.classes)

    def _lesson(self, labels: Labels, keys: Keys) -> Lesson:
        rule, strengths = self.system.rule, nudge_strengths(self.system.rule, keys)
        betas = {
            phase.name: self._tensor(strengths[:, place, None])
            for place, phase in enumerate(rule.phases)
        }
        return Lesson.of(rule, self._targets(labels), betas)

    def _targets(self, labels: Labels) -> Tensor:
        return self._tensor(self.system.targets(labels))

    def _scores(self, relaxation: AnyRelaxation) -> Tensor:
        outputs, held = relaxation.values[-1], relaxation.filtered
        single = self.system.readout == SINGLE
        return outputs if single else self.system.scores(outputs, held[-1] if held else None)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        """An array on the device; floating-point numbers in the system's precision."""
        tensor = torch.from_numpy(np.require(array, requirements=("C", "W")))
        return tensor.to(self._device, self._dtype if tensor.is_floating_point() else tensor.dtype)

    def _zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=self._dtype, device=self._device)

    def _by_layer(self, states: Sequence[Tensor]) -> Arrays:
        layers = self.system.network.free_layers
        return {layer.name: as_numpy(state) for layer, state in zip(layers, states, strict=True)}

"""A network of rates inside the torch engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eqspike.core.counts import EventCounts
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Coupling as Wiring
from eqspike.core.rates import refuse_convolutions
from eqspike.engines.parameters import check_arrays, check_images, check_labels, drawn_signs
from eqspike.engines.protocol import Arrays, Images, Keys, Labels, RateSystem
from eqspike.engines.torch.convolution import Convolutional
from eqspike.engines.torch.counting import Tally, effective_synapses, event_counts
from eqspike.engines.torch.couplings import Coupling, Dense
from eqspike.engines.torch.device import DTYPES, read_device, threads
from eqspike.engines.torch.learning import Learning, Lesson
from eqspike.engines.torch.parameters import backward_name, initial_rate_weights, rate_shapes
from eqspike.engines.torch.relaxation import Relaxation
from eqspike.engines.torch.writing import make_writer
from eqspike.memory import Ideal

KEPT_SIZES = 4
"""Batch sizes whose buffers are kept."""


def open_torch(system: RateSystem, seed: int, *options: str) -> TorchSession:
    """Open a system on the device that the options name: `cpu` or `cuda`."""
    return TorchSession(system, seed, read_device(*options))


class TorchSession:
    """A trained or untrained network of rates. A context manager.

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
        _refuse(system)
        self.system = system
        self._device = device or torch.device("cpu")
        self._dtype = DTYPES[system.precision]
        network = system.network
        self._couplings = [self._coupling(wiring) for wiring in network.couplings]
        self._biases = [self._zeros(layer.biases) for layer in network.free_layers]
        self._relaxations: dict[int, Relaxation] = {}
        self._tally = Tally()
        self._learning = Learning(system, self._biases, make_writer(system.memory), self._tally)
        self._largest = max(coupling.synapses() for coupling in network.couplings)
        self.load(initial_rate_weights(system, seed))

    def __enter__(self) -> TorchSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._relaxations.clear()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> int:
        """Learn from one batch; see `engines.protocol.Session`."""
        self._check(images, labels)
        rates = [rate * rate_factor for rate in self.system.learning_rates]
        with self._computing(len(images)):
            relaxation = self._free(images, learning=True)
            read_as = relaxation.states[-1].argmax(1)
            right = int(torch.count_nonzero(read_as == self._tensor(labels)))
            lesson = self._lesson(labels, keys)
            if self.system.rule.continual:
                self._learning.continually(relaxation, lesson, rates)
            else:
                self._learning.at_the_end(relaxation, lesson, rates, write_key)
        return right

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Output rates at the end of the free phase: (samples, outputs)."""
        del keys
        with self._computing(len(images)):
            return _as_numpy(self._free(images, learning=False).states[-1])

    def rates(self, images: Images) -> Arrays:
        """Rates at the end of the free phase, by layer, (samples, neurons); nothing is counted."""
        with self._computing(len(images)):
            return self._by_layer(self._free(images).states)

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
            lesson = Lesson(self._targets(labels), self._tensor(betas)[:, None])
            seen = [self._by_layer(relaxation.states)]
            rates = [rate * rate_factor for rate in self.system.learning_rates]
            follow = self._learning.follow(relaxation, lesson, rates) if rate_factor else None

            def after(number: int) -> None:
                if follow is not None:
                    follow.after()
                seen.append(self._by_layer(relaxation.states))

            relaxation.nudge(lesson.targets, lesson.betas)
            relaxation.run(self.system.rule.nudging.nudged_steps, after)
        self.load(kept)
        return {name: np.stack([states[name] for states in seen]) for name in seen[0]}

    def changes(self, images: Images, labels: Labels, keys: Keys) -> Arrays:
        """Mean change the rule asks of each weight and bias with learning rate 1, without writing anything.

        Weights are held during the nudged phase, also where the rule is continual.
        """
        self._check(images, labels)
        with self._computing(len(images)):
            relaxation, lesson = self._free(images), self._lesson(labels, keys)
            forward, backward, biases = self._learning.wanted(relaxation, lesson)
        return self._by_name(forward, backward, biases)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name."""
        return self._by_name(
            [coupling.weight for coupling in self._couplings],
            [coupling.back for coupling in self._couplings],
            self._biases,
        )

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases; weights are brought to what the memory can hold.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        check_arrays(weights, rate_shapes(self.system))
        for index, (coupling, of) in enumerate(
            zip(self.system.network.couplings, self._couplings, strict=True)
        ):
            stored = self.system.memory.store(weights[coupling.name], index)
            of.weight.copy_(self._tensor(np.moveaxis(stored, -1, 0)))
            if of.back is not of.weight:
                of.back.copy_(self._tensor(weights[backward_name(coupling)]))
        for layer, bias in zip(self.system.network.free_layers, self._biases, strict=True):
            bias.copy_(self._tensor(weights[f"{layer.name}.bias"]))

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        effective: dict[str, int] = {}
        for coupling, of in zip(self.system.network.couplings, self._couplings, strict=True):
            ways = (of.weight, of.back)[: len(coupling.directions)]
            for backward, array in enumerate(ways):
                number = effective_synapses(coupling, array, bool(backward))
                effective[coupling.directions[backward]] = number
        counts = event_counts(self.system, self._tally, effective)
        self._tally.clear()
        return counts

    @contextmanager
    def _computing(self, samples: int) -> Iterator[None]:
        with torch.inference_mode(), threads(samples * self._largest):
            yield

    def _free(self, images: Images, learning: bool | None = None) -> Relaxation:
        """The end of the free phase of a batch, counted unless `learning` is None."""
        check_images(images, self.system.network.input.size)
        samples, steps = len(images), self.system.rule.nudging.free_steps
        if learning is not None:
            self._tally.begin(samples, steps, learning)
        relaxation = self._relaxations.get(samples)
        if relaxation is None:
            if len(self._relaxations) == KEPT_SIZES:
                self._relaxations.clear()
            relaxation = Relaxation(self.system, self._couplings, self._biases, samples)
            self._relaxations[samples] = relaxation
        relaxation.start(self._tensor(images))
        relaxation.run(steps)
        return relaxation

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self.system.network.input.size)
        check_labels(labels, len(images), self.system.network.output.size)

    def _lesson(self, labels: Labels, keys: Keys) -> Lesson:
        nudging = self.system.rule.nudging
        betas = np.full(len(keys), nudging.beta)
        if nudging.sign == "random":
            betas *= drawn_signs(keys)
        return Lesson(self._targets(labels), self._tensor(betas)[:, None])

    def _targets(self, labels: Labels) -> Tensor:
        return self._tensor(np.eye(self.system.network.output.size)[labels])

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        """An array on the device; floating-point numbers in the system's precision."""
        tensor = torch.from_numpy(np.require(array, requirements=("C", "W")))
        dtype = self._dtype if tensor.is_floating_point() else tensor.dtype
        return tensor.to(self._device, dtype)

    def _coupling(self, wiring: Wiring) -> Coupling:
        weight = self._zeros(wiring.shape[-1], *wiring.shape[:-1])
        if wiring.convolution is not None:
            return Convolutional(wiring, weight)
        separate = wiring.bidirectional and self.system.feedback.separate
        return Dense(weight, torch.zeros_like(weight) if separate else None)

    def _zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=self._dtype, device=self._device)

    def _by_layer(self, states: Sequence[Tensor]) -> Arrays:
        layers = self.system.network.free_layers
        return {layer.name: _as_numpy(state) for layer, state in zip(layers, states, strict=True)}

    def _by_name(
        self, forward: Sequence[Tensor], backward: Sequence[Tensor], biases: Sequence[Tensor]
    ) -> Arrays:
        """Weights, or changes of them, as (sender, receiver) in float64; a kernel's last axis receives."""
        result: Arrays = {}
        network, separate = self.system.network, self.system.feedback.separate
        for coupling, up, down in zip(network.couplings, forward, backward, strict=True):
            result[coupling.name] = np.ascontiguousarray(np.moveaxis(_as_numpy(up), 0, -1))
            if separate and coupling.bidirectional:
                result[backward_name(coupling)] = _as_numpy(down)
        for layer, bias in zip(network.free_layers, biases, strict=True):
            result[f"{layer.name}.bias"] = _as_numpy(bias)
        return result


def _as_numpy(tensor: Tensor) -> NDArray[np.float64]:
    """A copy in float64."""
    return np.array(tensor.cpu().numpy(), dtype=np.float64)


def _refuse(system: RateSystem) -> None:
    if system.rule.continual and not isinstance(system.memory, Ideal):
        raise UnsupportedError(
            f"engine 'torch' writes at every step of rule '{system.rule.kind}' to an ideal memory only, got "
            f"memory.kind {system.memory.kind}; use memory.kind ideal, or rule.kind ep, which writes once a batch"
        )
    if system.rule.continual and any(system.network.convolutions):
        raise UnsupportedError(
            f"engine 'torch' does not write to convolutions at every step, as rule '{system.rule.kind}' asks: the "
            "input's drive would have to be computed anew each time; use rule.kind ep"
        )
    refuse_convolutions(system.network, system.feedback)

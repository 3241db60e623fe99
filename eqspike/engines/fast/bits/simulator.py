"""Running the kernels of networks of bits on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Images
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.phases import Phase
from eqspike.engines.fast.bits.layout import (
    Floats,
    Plan,
    lay_out,
    make_physics,
    make_sample,
    make_weights,
)
from eqspike.engines.fast.bits.stepping import present
from eqspike.engines.fast.bits.words import Words, pack, unpack, words_for
from eqspike.engines.fast.workers import Workers
from eqspike.memory import Binary
from eqspike.systems import RateSystem


@dataclass(frozen=True)
class Stretch:
    """Steps of one phase: all of them, or one where each is watched.

    Attributes:
        phase: number of the phase; back: whether it begins where the free one has ended, after another phase.
    """

    steps: int
    phase: int
    back: bool


def stretches_of(phases: Sequence[Phase], singly: bool = False) -> list[Stretch]:
    """The stretches of a presentation."""
    found = []
    for number, phase in enumerate(phases):
        back = number > 1 and phase.start == "free end"
        if singly:
            found += [Stretch(1, number, back and step == 0) for step in range(phase.steps)]
        else:
            found.append(Stretch(phase.steps, number, back))
    return found


class BitSimulator:
    """Weights as the kernels read them, and the threads that present samples.

    Args:
        system: of binary neurons and weights.
        threads: number of threads; results do not depend on it.
    """

    def __init__(self, system: RateSystem, threads: int) -> None:
        self.system, self.layout = system, lay_out(system)
        self._physics = make_physics(system, cast(BinaryNeuron, system.neuron))
        self.weights = make_weights(self.layout, system.precision)
        self.workers = Workers(threads)
        self._samples = [make_sample(self.layout, system.precision) for _ in range(threads)]

    def present(
        self, images: Images, stretches: Sequence[Stretch], strengths: Floats, targets: Floats
    ) -> tuple[Words, Floats]:
        """Present images (samples, pixels), levels 0..255.

        Args:
            strengths: signed, of each phase, (samples, phases); targets: (samples, outputs).

        Returns:
            Bits at the end of each stretch, (stretches, samples, words), and states of the outputs at the end of
            the free phase, (samples, outputs).
        """
        phases = self.system.rule.phases
        numbers = [stretch.phase for stretch in stretches]
        free = [place for place, number in enumerate(numbers) if number == 0]
        plan = Plan(
            np.array([stretch.steps for stretch in stretches]),
            np.array([bool(phases[number].nudge) for number in numbers], np.uint8),
            np.array([stretch.back for stretch in stretches], np.uint8),
            free[-1],
            np.ascontiguousarray(strengths[:, numbers], self.system.precision),
            np.ascontiguousarray(targets, self.system.precision),
        )
        ends = np.zeros((len(stretches), len(images), int(self.layout.words_at[-1])), np.uint32)
        held = np.zeros(targets.shape, self.system.precision)

        def work(thread: int, first: int, last: int) -> None:
            present(
                first, last, images, plan, self.layout, self.weights, self._physics,
                self._samples[thread], ends, held,
            )  # fmt: skip

        self.workers.share(len(images), work)
        return ends, held

    def up(self, coupling: int) -> Words:
        """Signs of a coupling's weights, (words of pre, post): a view."""
        return self._words(self.weights.up, self.layout.up_at, coupling, 0)

    def down(self, coupling: int) -> Words:
        """The same for the way down, (words of post, pre), of all couplings but the input's: a view."""
        return self._words(self.weights.down, self.layout.down_at, coupling, 1)

    def stored(self, coupling: int) -> NDArray[np.float64]:
        """Weights of a coupling, (pre, post)."""
        pre, _ = self.system.network.couplings[coupling].shape
        positive = _lying(self.up(coupling), pre)
        scale = float(self.weights.scales[coupling])
        return np.where(positive, scale, -scale)

    def store(self, coupling: int, weights: NDArray[np.float64]) -> None:
        """Replace the weights of a coupling, all of one magnitude, (pre, post)."""
        self.weights.scales[coupling] = (cast(Binary, self.system.memory)).scale.of(weights).item()
        self.up(coupling)[:] = pack(weights.T >= 0).T
        if coupling > 0:
            self.down(coupling)[:] = pack(weights >= 0).T

    def bits(self, ends: Words) -> Arrays:
        """Bits (..., words) by layer, (..., neurons) of 0.0 and 1.0."""
        layers = self.system.network.free_layers
        return {layer.name: self.bits_of(ends, n) for n, layer in enumerate(layers, start=1)}

    def bits_of(self, ends: Words, layer: int) -> NDArray[np.float64]:
        """Those of one layer, counted from the input."""
        at, size = self.layout.words_at, int(self.layout.sizes[layer])
        return unpack(ends[..., at[layer] : at[layer + 1]], size).astype(np.float64)

    def _words(self, flat: Words, at: NDArray[np.int64], coupling: int, way: int) -> Words:
        shape = self.system.network.couplings[coupling].shape
        senders, receivers = (shape[0], shape[1]) if way == 0 else (shape[1], shape[0])
        return flat[at[coupling] : at[coupling + 1]].reshape(words_for(senders), receivers)


def _lying(rows: Words, senders: int) -> NDArray[np.bool_]:
    """Rows (words of senders, receivers) as (senders, receivers)."""
    return unpack(np.ascontiguousarray(rows.T), senders).T

"""Running the kernels of rate-based networks on all cores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from eqspike.core.learner import Images
from eqspike.engines.fast.rates.following import count_filled, follow
from eqspike.engines.fast.rates.layout import (
    Floats,
    RateState,
    Whole,
    lay_out,
    make_outbox,
    make_physics,
    make_state,
    make_weights,
)
from eqspike.engines.fast.rates.stepping import relax, start
from eqspike.engines.fast.workers import Workers
from eqspike.engines.tally import RateTally
from eqspike.systems import RateSystem

Filled = list[tuple[Whole, Whole]]
"""Of each coupling, of each direction, the weights of each sender that are not 0."""


@dataclass(frozen=True)
class Lesson:
    """What a batch is taught: targets (samples, outputs) with strengths `beta` x signs (samples,)."""

    targets: Floats
    signs: Floats
    beta: float
    by_phase: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def at(self, phase: int) -> Lesson:
        """With the signs of a phase, counted from the free one."""
        return replace(self, signs=self.by_phase[:, phase])


@dataclass
class Moment:
    """Copies of a batch's a, s, q and of which layers are awake."""

    drive: Floats
    state: Floats
    sent: Floats
    awake: Floats = field(repr=False)

    @staticmethod
    def of(batch: RateState) -> Moment:
        """Of a batch as it stands."""
        return Moment(*(a.copy() for a in (batch.drive, batch.state, batch.sent, batch.awake)))

    def restore(self, batch: RateState) -> None:
        """Let the batch stand there again."""
        for name in ("drive", "state", "sent", "awake"):
            getattr(batch, name)[:] = getattr(self, name)


class RateSimulator:
    """Weights as the kernels read them, a batch, and the threads that present its samples.

    Args:
        system: its neurons send changes.
        threads: number of threads; results do not depend on it.

    Attributes:
        filled: of the couplings as they carry rates.
        messages: of each free neuron by thread, in each phase.
        moved, by_post, by_pre: room for the kernels of `following`.
    """

    def __init__(self, system: RateSystem, threads: int) -> None:
        self.system = system
        self.layout, self.physics = lay_out(system), make_physics(system)
        self.weights = make_weights(self.layout, system.precision)
        self.workers = Workers(threads)
        self.batch = make_state(self.layout, 0, system.precision)
        self.filled = [
            (np.zeros(pre, np.int64), np.zeros(post, np.int64))
            for pre, post in (coupling.shape for coupling in system.network.couplings)
        ]
        pixels, neurons = int(self.layout.sizes[0]), int(self.layout.starts[-1])
        self.outboxes = [make_outbox(self.layout, system.precision) for _ in range(threads)]
        self._input_sent = np.zeros((threads, pixels), np.int64)
        self.messages = {
            name: np.zeros((threads, neurons), np.int64) for name in ("free", "nudged")
        }
        self.by_post, self.by_pre = (np.zeros_like(self.weights.up) for _ in "12")
        self.moved = np.zeros(neurons, np.uint8)

    def up(self, coupling: int) -> Floats:
        """Stored forward weights of a coupling, (pre, post): a view."""
        return self._matrix(self.weights.up, coupling)

    def down(self, coupling: int) -> Floats:
        """Backward weights of a coupling, (post, pre): a view."""
        pre, post = self.system.network.couplings[coupling].shape
        at = self.layout.weights_at
        return self.weights.down[at[coupling] : at[coupling + 1]].reshape(post, pre)

    def refresh(self, coupling: int) -> None:
        """Bring what is derived from a coupling's stored weights up to date."""
        forward, (rows, columns) = self.up(coupling), self.filled[coupling]
        if not self.system.feedback.separate:
            self.down(coupling)[:] = forward.T
        count_filled(forward, rows, columns)
        if self.system.feedback.separate and coupling > 0:
            columns[:] = np.count_nonzero(self.down(coupling), axis=1)

    def layer(self, array: Floats, layer: int) -> Floats:
        """The part of an array (..., free neurons) that belongs to a layer, counted from the input: a view."""
        starts = self.layout.starts
        return array[..., starts[layer] : starts[layer + 1]]

    def start(self, images: Images) -> None:
        """Present images (samples, pixels), levels 0..255."""
        if len(images) != len(self.batch.inputs):
            self.batch = make_state(self.layout, len(images), self.system.precision)
        np.divide(images, 255, out=self.batch.inputs, casting="same_kind")
        self._input_sent[:] = 0
        for sent in self.messages.values():
            sent[:] = 0

        def work(thread: int, first: int, last: int) -> None:
            start(
                first, last, self.layout, self.weights, self.physics, self.batch,
                self.outboxes[thread], self._input_sent[thread], self.messages["free"][thread],
            )  # fmt: skip

        self.workers.share(len(images), work)

    def relax(self, steps: int, lesson: Lesson | None = None) -> None:
        """Steps with weights held, nudged if there is a lesson."""
        samples, taught = len(self.batch.inputs), lesson is not None
        lesson = lesson or self.no_lesson()
        betas, sent = self.betas(lesson), self.messages["nudged" if taught else "free"]

        def work(thread: int, first: int, last: int) -> None:
            relax(
                first, last, steps, taught, betas, lesson.targets, self.layout, self.weights,
                self.physics, self.batch, self.outboxes[thread], sent[thread],
            )  # fmt: skip

        self.workers.share(samples, work)

    def no_lesson(self) -> Lesson:
        """What a batch is taught where nothing is."""
        samples, precision = len(self.batch.inputs), self.system.precision
        return Lesson(np.zeros((samples, 1), precision), np.zeros(samples, precision), 0.0)

    def follow(
        self, steps: int, lesson: Lesson, rates: Floats, bias_rates: Floats, each_way: bool
    ) -> Whole:
        """Nudged steps, each followed by its write to all weights but the input's.

        Args:
            rates, bias_rates: learning rates / (beta samples).

        Returns:
            Neurons that moved in some sample, (layers, steps).
        """
        moved_number = np.zeros((len(self.layout.sizes), steps), np.int64)
        follow(
            steps, self.betas(lesson), lesson.targets, lesson.signs, rates, bias_rates, each_way,
            self.layout, self.weights, self.physics, self.batch, self.outboxes[0],
            self.messages["nudged"][0], self.moved, moved_number, self.by_post, self.by_pre,
        )  # fmt: skip
        return moved_number

    def keep(self) -> Moment:
        """What a phase starts from."""
        return Moment.of(self.batch)

    def put_back(self, moment: Moment) -> None:
        """Stand again where `keep` was called."""
        moment.restore(self.batch)

    @property
    def sent(self) -> Floats:
        """q of the free neurons, (samples, free neurons)."""
        return self.batch.sent

    def shown(self) -> Floats:
        """The same, by the name that differences have for it."""
        return self.batch.sent

    def values(self) -> Floats:
        """v of the free neurons, (samples, free neurons)."""
        return self.system.neuron.value(self.batch.state).astype(self.system.precision, copy=False)

    def count(
        self, tally: RateTally, phases: tuple[str, ...], filled: Filled | None = None
    ) -> None:
        """Add the messages since `start` to a tally.

        Args:
            filled: of the couplings that carried them, if these are not the simulator's own.
        """
        layers = range(1, len(self.layout.sizes))
        for phase in phases:
            sent = self.messages[phase].sum(0)
            inputs = self._input_sent.sum(0) * (phase == "free")
            by_layer = [inputs, *(self.layer(sent, layer) for layer in layers)]
            tally.add_messages(self.system, phase, by_layer, filled or self.filled)

    def betas(self, lesson: Lesson) -> Floats:
        """Signed nudging strength of each sample, (samples,)."""
        return np.asarray(lesson.signs * lesson.beta, self.system.precision)

    def _matrix(self, flat: Floats, coupling: int) -> Floats:
        at = self.layout.weights_at
        return flat[at[coupling] : at[coupling + 1]].reshape(
            self.system.network.couplings[coupling].shape
        )

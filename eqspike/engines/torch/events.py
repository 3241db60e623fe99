"""The states of a batch of neurons that send changes (`core.messages`), and how they relax.

Messages of a step stand in an array that is 0 where none is sent, and go through the same products as rates: the
cost is that of `Relaxation`; engine `fast` is the one whose cost follows the messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqspike.engines.tally import RateTally
from eqspike.engines.torch.neurons import twin_of
from eqspike.engines.torch.relaxation import groups_of
from eqspike.engines.torch.stepping import Parts, step_groups
from eqspike.nn.couplings import Coupling
from eqspike.systems import RateSystem


class ChangeRelaxation:
    """Buffers and steps of a fixed number of samples; to rules, what `Relaxation` is.

    Attributes:
        inputs: rates of the clamped layer, (samples, pixels).
        states: q of each free layer, (samples, neurons), what rules see; previous: before the last step.
        values: v of each free layer; filtered: s, where it is not v; sends: who sent in the last step.
        base: biases, (neurons,).
    """

    gain = 1.0
    resends = False

    def __init__(
        self, system: RateSystem, couplings: Sequence[Coupling], biases: Sequence[Tensor], samples: int
    ) -> None:  # fmt: skip
        like = biases[0]
        self.couplings, self._biases, self._system = couplings, biases, system
        self.inputs = like.new_empty(samples, system.network.input.size)
        sizes = [layer.size for layer in system.network.free_layers]
        self.states, self.previous, self.values, self._drives, self._messages = (
            [like.new_empty(samples, size) for size in sizes] for _ in range(5)
        )
        self.sends = [state.new_zeros(state.shape, dtype=torch.bool) for state in self.states]
        self.base = [bias.clone() for bias in biases]
        self._squash, share = twin_of(system.neuron)
        self._filter = 1.0 if share is None else share
        self.filtered = [] if share is None else [torch.empty_like(state) for state in self.states]
        self._groups = groups_of(system)
        self._inside = system.dynamics.nudge == "inside"
        self._teacher: tuple[Tensor, Tensor] | None = None
        self._sent: dict[str, list[Tensor]] = {}
        self._effective: list[tuple[Tensor, Tensor]] = []

    def start(self, images: Tensor) -> None:
        """Present images (samples, pixels), levels 0..255: the input and initial rates are sent."""
        self.inputs.copy_(images).div_(255)
        self._teacher = None
        self._sent = {"free": self._silence()}
        self._effective = [
            (torch.count_nonzero(coupling.weight, 0), torch.count_nonzero(coupling.back, 1))
            for coupling in self.couplings
        ]
        for layer, bias in enumerate(self._biases):
            self.base[layer].copy_(bias)
            self._drives[layer].zero_()
            (self.filtered or self.values)[layer].fill_(self._system.neuron.initial)
            if self.filtered:
                torch.ge(self.filtered[layer], 0.5, out=self.values[layer])
            self.states[layer].copy_(self.values[layer])
            self._messages[layer].copy_(self.values[layer])
            self._sent["free"][layer + 1] += torch.count_nonzero(self.values[layer], 0)
        self._sent["free"][0] += torch.count_nonzero(self.inputs, 0)
        self.couplings[0].up(self.inputs, self._drives[0], 1.0, self._drives[0])
        if self._system.neuron.initial:
            self._deliver(range(len(self.states)))

    @property
    def shown(self) -> Sequence[Tensor]:
        """What rules see of each free layer."""
        return self.states

    def drives(self) -> list[Tensor]:
        """a + b of each free layer, times the gain of the activation, plus its offset."""
        squash, parts = self._squash, zip(self._drives, self.base, strict=True)
        return [(drive + bias).mul_(squash.gain).add_(squash.offset) for drive, bias in parts]

    def nudge(self, targets: Tensor, betas: Tensor) -> None:
        """From now on, pull the outputs to targets (samples, outputs) with strengths (samples, 1)."""
        self._teacher = (targets, betas)
        self._sent.setdefault("nudged", self._silence())

    def keep(self) -> list[Tensor]:
        """Copies of all that a phase starts from, `states` first."""
        return [each.clone() for each in self._all()]

    def put_back(self, kept: Sequence[Tensor]) -> None:
        """Stand again where `keep` was called."""
        for each, old in zip(self._all(), kept, strict=True):
            each.copy_(old)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        parts = Parts(self._advance, self._send, self._deliver)
        step_groups(self._groups, parts, steps, after)

    def count(self, tally: RateTally) -> None:
        """Add the messages since `start` to a tally."""
        effective = [[way.cpu().numpy() for way in ways] for ways in self._effective]
        for phase, sent in self._sent.items():
            by_layer = [of_layer.cpu().numpy() for of_layer in sent]
            tally.add_messages(self._system, phase, by_layer, effective)

    def _silence(self) -> list[Tensor]:
        return [
            torch.zeros(layer.size, dtype=torch.int64, device=self.inputs.device)
            for layer in self._system.network.layers
        ]

    def _all(self) -> list[Tensor]:
        return [*self.states, *self.values, *self.filtered, *self._drives]

    def _advance(self, layer: int) -> None:
        """New state and value from a + b, with the nudge that belongs to the outputs."""
        state, drive = (self.filtered or self.values)[layer], self._messages[layer]
        torch.add(self._drives[layer], self.base[layer], out=drive)
        taught = self._teacher if layer == len(self.values) - 1 else None
        nudge = None if taught is None else (taught[0] - state).mul_(taught[1])
        if nudge is not None and self._inside:
            drive.add_(nudge)
        if self.filtered:
            state.mul_(1.0 - self._filter).add_(drive, alpha=self._filter).clamp_(0.0, 1.0)
            torch.ge(state, 0.5, out=self.values[layer])
            return
        self._squash.apply(drive.mul_(self._squash.gain).add_(self._squash.offset))
        if nudge is not None and not self._inside:
            drive.add_(nudge)
        state.copy_(drive)

    def _send(self, layer: int) -> None:
        """q <- v where it has moved far enough; the messages are left in their array."""
        state, moved = self.states[layer], self._messages[layer]
        torch.sub(self.values[layer], state, out=moved)
        sends = torch.gt(moved.abs(), self._system.messages.threshold, out=self.sends[layer])
        moved.mul_(sends)
        torch.where(sends, self.values[layer], state, out=self.previous[layer])
        self.states[layer], self.previous[layer] = self.previous[layer], state
        phase = "free" if self._teacher is None else "nudged"
        self._sent[phase][layer + 1] += torch.count_nonzero(sends, 0)

    def _deliver(self, group: Sequence[int]) -> None:
        """a of the layers above and below += W m."""
        for layer in group:
            if layer + 1 < len(self.states):
                above = self._drives[layer + 1]
                self.couplings[layer + 1].up(self._messages[layer], above, 1.0, above)
            if layer > 0:
                below = self._drives[layer - 1]
                self.couplings[layer].down(self._messages[layer], below, 1.0, below)

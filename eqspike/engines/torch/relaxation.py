"""The states of a batch and how they relax: `core.rates` step by step, without allocation and without autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqspike.engines.torch.couplings import Coupling
from eqspike.engines.torch.neurons import twin_of
from eqspike.systems import RateSystem

States = list[Tensor]


def update_groups(system: RateSystem) -> tuple[tuple[int, ...], ...]:
    """Free layers, counted from 0, that are updated together, in the order of a step."""
    layers = range(len(system.network.free_layers))
    if system.dynamics.updates == "synchronous":
        return (tuple(layers),)
    return tuple(layers[0::2]), tuple(layers[1::2])


class Relaxation:
    """Buffers and steps of a fixed number of samples.

    Attributes:
        inputs: rates of the clamped layer, (samples, pixels).
        states: rates or bits that each free layer sends, (samples, neurons); previous: before the last step.
        filtered: filtered drives of binary neurons, by layer; of rate neurons there are none.
        base: the part of each layer's drive that other free layers have no share in, times the gain of the
            activation, plus its offset: the input's drive, biases and the nudge towards the target.
    """

    resends = True
    """Whether the input's rates arrive at every step, through its weights as they are then."""

    def __init__(
        self, system: RateSystem, couplings: Sequence[Coupling], biases: Sequence[Tensor], samples: int
    ) -> None:  # fmt: skip
        like = biases[0]
        self.couplings = couplings
        self.inputs = like.new_empty(samples, system.network.input.size)
        sizes = [layer.size for layer in system.network.free_layers]
        self.states, self.previous, self.base = (
            [like.new_empty(samples, size) for size in sizes] for _ in range(3)
        )
        self._biases = biases
        self._initial = system.neuron.initial
        self._squash, share = twin_of(system.neuron)
        self._filter = 1.0 if share is None else share
        self.filtered = [] if share is None else [torch.empty_like(state) for state in self.states]
        self._groups = update_groups(system)
        self._observed = [False] * len(sizes)
        self._inside = system.dynamics.nudge == "inside"
        self._pull: Tensor | None = None
        self._push = like.new_empty(samples, sizes[-1])

    @property
    def gain(self) -> float:
        """Factor of the activation on drives."""
        return self._squash.gain

    def start(self, images: Tensor) -> None:
        """Clamp images (samples, pixels), levels 0..255, and put all states and drives to their start."""
        self.inputs.copy_(images).mul_(1 / 255)
        for state in self.filtered or self.states:
            state.fill_(self._initial)
        self._observed = [False] * len(self.states)
        for layer in range(len(self.filtered)):
            self._send_bits(layer)
        self._pull = None
        for layer in range(len(self.base)):
            self._drive_from_bias(layer)
        self.couplings[0].up(self.inputs, self.base[0], self.gain, self.base[0])

    @property
    def values(self) -> States:
        """Rates of each free layer."""
        return self.states

    def keep(self) -> list[Tensor]:
        """Copies of all that a phase starts from."""
        return [state.clone() for state in (*self.states, *self.filtered)]

    def put_back(self, kept: Sequence[Tensor]) -> None:
        """Stand again where `keep` was called."""
        for state, old in zip((*self.states, *self.filtered), kept, strict=True):
            state.copy_(old)
        self._observed = [False] * len(self.states)

    def nudge(self, targets: Tensor, betas: Tensor) -> None:
        """From now on, pull the outputs to targets (samples, outputs) with strengths (samples, 1)."""
        torch.mul(targets, betas, out=self._push)
        self._pull = (betas * self.gain if self._inside else betas).to(self._push.dtype)
        if self._inside:
            self._drive_from_bias(-1)
            self.base[-1].add_(self._push, alpha=self.gain)

    def _drive_from_bias(self, layer: int) -> None:
        bias, base = self._biases[layer], self.base[layer]
        by_bias = base.view(len(base), len(bias), -1)
        by_bias.copy_(bias[:, None]).mul_(self.gain).add_(self._squash.offset)

    def step(self) -> None:
        """One step of all layers."""
        for group in self._groups:
            # From above, so that the way down finds what the way up has observed of the same states.
            for layer in reversed(group):
                self._advance(layer)
            for layer in group:
                self.states[layer], self.previous[layer] = self.previous[layer], self.states[layer]
                self._observed[layer] = False
                if self.filtered:
                    self._send_bits(layer)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        for number in range(steps):
            self.step()
            if after is not None:
                after(number)

    def _advance(self, layer: int) -> None:
        """Compute the new state of a layer into `previous`, which becomes the state afterwards."""
        drive, base, last = self.previous[layer], self.base[layer], len(self.states) - 1
        if layer > 0:
            self.couplings[layer].up(self.states[layer - 1], base, self.gain, drive)
            self._observed[layer - 1] = True
            base = drive
        if layer < last:
            if not self._observed[layer]:
                self.couplings[layer + 1].observe(self.states[layer])
            self.couplings[layer + 1].down(self.states[layer + 1], base, self.gain, drive)
        if self.filtered:
            self._filter_drive(layer)
        elif layer < last or self._pull is None:
            self._squash.apply(drive)
        elif self._inside:
            self._squash.apply(drive.addcmul_(self.states[layer], self._pull, value=-1.0))
        else:
            self._squash.apply(drive).add_(self._push).addcmul_(
                self.states[layer], self._pull, value=-1.0
            )

    def _filter_drive(self, layer: int) -> None:
        """s <- clip((1 - g) s + g (drive - beta s), 0, 1); the nudge's beta y is part of the drive."""
        drive, state = self.previous[layer], self.filtered[layer]
        if layer == len(self.states) - 1 and self._pull is not None:
            drive.addcmul_(state, self._pull, value=-1.0)
        state.mul_(1.0 - self._filter).add_(drive, alpha=self._filter).clamp_(0.0, 1.0)

    def _send_bits(self, layer: int) -> None:
        torch.ge(self.filtered[layer], 0.5, out=self.states[layer])

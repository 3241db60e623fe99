"""The states of a batch and how they relax: `core.rates` step by step, on the relaxation of `eqspike.nn`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqspike.engines.torch.neurons import twin_of
from eqspike.nn.couplings import Coupling
from eqspike.nn.relaxation import Groups, Link, States, update_groups
from eqspike.nn.relaxation import Relaxation as Relaxing
from eqspike.systems import RateSystem


def groups_of(system: RateSystem) -> Groups:
    """Free layers, counted from 0, that are updated together, in the order of a step."""
    return update_groups(len(system.network.free_layers), system.dynamics.updates)


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
        states, base = ([like.new_empty(samples, size) for size in sizes] for _ in range(2))
        self._biases = biases
        self._initial = system.neuron.initial
        self._squash, share = twin_of(system.neuron)
        self._filter = 1.0 if share is None else share
        self.filtered = [] if share is None else [torch.empty_like(state) for state in states]
        links = [Link(upper - 1, upper, couplings[upper]) for upper in range(1, len(sizes))]
        gains = [self.gain] * len(sizes)
        self._relaxing = Relaxing(links, gains, groups_of(system), states, base, self._finish)
        self.states, self.previous, self.base = states, self._relaxing.previous, base
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
        self._forget()
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

    @property
    def shown(self) -> States:
        """What rules see of each free layer."""
        return self.states

    def drives(self) -> States:
        """Drives of the present states, times the gain of the activation, plus its offset; picks are noted."""
        from_output = reversed(list(enumerate(self.states)))
        return [self._relaxing.drive(k, torch.empty_like(s)) for k, s in from_output][::-1]

    def keep(self) -> list[Tensor]:
        """Copies of all that a phase starts from."""
        return [state.clone() for state in (*self.states, *self.filtered)]

    def put_back(self, kept: Sequence[Tensor]) -> None:
        """Stand again where `keep` was called."""
        for state, old in zip((*self.states, *self.filtered), kept, strict=True):
            state.copy_(old)
        self._forget()

    def nudge(self, targets: Tensor, betas: Tensor) -> None:
        """From now on, pull the outputs to targets (samples, outputs) with strengths (samples, 1)."""
        torch.mul(targets, betas, out=self._push)
        self._pull = (betas * self.gain if self._inside else betas).to(self._push.dtype)
        if self._inside:
            self._drive_from_bias(-1)
            self.base[-1].add_(self._push, alpha=self.gain)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        self._relaxing.run(steps, after)

    def _drive_from_bias(self, layer: int) -> None:
        bias, base = self._biases[layer], self.base[layer]
        by_bias = base.view(len(base), len(bias), -1)
        by_bias.copy_(bias[:, None]).mul_(self.gain).add_(self._squash.offset)

    def _forget(self) -> None:
        for layer in range(len(self.states)):
            self._relaxing.forget(layer)

    def _finish(self, layer: int, drive: Tensor) -> Tensor:
        """The new state of a layer, in place of its drive."""
        last = layer == len(self.states) - 1
        if self.filtered:
            return self._filter_drive(layer, drive)
        if not last or self._pull is None:
            return self._squash.apply(drive)
        if self._inside:
            return self._squash.apply(drive.addcmul_(self.states[layer], self._pull, value=-1.0))
        return (
            self._squash.apply(drive)
            .add_(self._push)
            .addcmul_(self.states[layer], self._pull, value=-1.0)
        )

    def _filter_drive(self, layer: int, drive: Tensor) -> Tensor:
        """s <- clip((1 - g) s + g (drive - beta s), 0, 1); the nudge's beta y is part of the drive.

        Returns:
            the bits of s, in place of the drive.
        """
        state = self.filtered[layer]
        if layer == len(self.states) - 1 and self._pull is not None:
            drive.addcmul_(state, self._pull, value=-1.0)
        state.mul_(1.0 - self._filter).add_(drive, alpha=self._filter).clamp_(0.0, 1.0)
        return torch.ge(state, 0.5, out=drive)

    def _send_bits(self, layer: int) -> None:
        torch.ge(self.filtered[layer], 0.5, out=self.states[layer])

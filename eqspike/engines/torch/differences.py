"""Nudged phases in difference form (`core.rates`): what the states of a batch differ by from its free ones.

Both classes are to rules what the relaxations they start from are, but their states are differences. Each goes
through the transposed couplings, and the activation's change is exact (`nn.activations`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqspike.engines.tally import RateTally
from eqspike.engines.torch.counting import count_differences
from eqspike.engines.torch.events import ChangeRelaxation
from eqspike.engines.torch.neurons import twin_of
from eqspike.engines.torch.relaxation import Relaxation, groups_of
from eqspike.engines.torch.stepping import Parts, step_groups
from eqspike.nn.relaxation import Link, States
from eqspike.nn.relaxation import Relaxation as Relaxing
from eqspike.systems import RateSystem


class DifferenceRelaxation:
    """Differences of rates that are sent at every step.

    Args:
        relaxation: a batch at the end of its free phase, which must not run on.

    Attributes:
        free: states at the end of the free phase, (samples, neurons) of each free layer.
        states: delta of each free layer, 0 at first.
        sent: of each free layer, how often each neuron has sent a difference that is not 0, (neurons,).
    """

    def __init__(self, system: RateSystem, relaxation: Relaxation) -> None:
        self._system, self.couplings, self.free = system, relaxation.couplings, relaxation.states
        squash, drives = twin_of(system.neuron).squash, relaxation.drives()
        self._change = [squash.change(z, squash.apply(z.clone())) for z in drives]
        self.states, self._base = ([torch.zeros_like(state) for state in self.free] for _ in "12")
        self.sent = [state.new_zeros(state.shape[1], dtype=torch.int64) for state in self.states]
        self.held = [coupling.held(1) for coupling in self.couplings[1:]]
        links = [Link(upper, upper + 1, coupling) for upper, coupling in enumerate(self.held)]
        gains, groups = [squash.gain] * len(self.states), groups_of(system)
        self._relaxing = Relaxing(links, gains, groups, self.states, self._base, self._finish)
        self._late = groups[0] if len(groups) > 1 else ()
        self._early = [layer for layer in range(len(self.states)) if layer not in self._late]
        self._inside, self._gain, self._steps = system.dynamics.nudge == "inside", squash.gain, 0
        self._force = self._pull = torch.zeros_like(self.states[-1][:, :1])

    @property
    def values(self) -> States:
        """Rates of each free layer: what the nudged state is."""
        return [free + delta for free, delta in zip(self.free, self.states, strict=True)]

    shown = values

    def keep(self) -> list[Tensor]:
        """Copies of all that a phase starts from."""
        return [state.clone() for state in self.states]

    def put_back(self, kept: Sequence[Tensor]) -> None:
        """Stand again where `keep` was called."""
        for state, old in zip(self.states, kept, strict=True):
            state.copy_(old)

    def nudge(self, targets: Tensor, betas: Tensor) -> None:
        """From now on, pull the outputs to targets (samples, outputs) with strengths (samples, 1)."""
        scale = betas * self._gain if self._inside else betas
        self._pull = scale.to(self.free[-1].dtype)
        self._force = (targets - self.free[-1]).mul_(scale).to(self.free[-1].dtype)
        if self._inside:
            self._base[-1].copy_(self._force)

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        for number in range(steps):
            # Neighbours read a layer before it is updated, but for the first of two groups.
            self._count(self._early)
            self._relaxing.step()
            self._count(self._late)
            if after is not None:
                after(number)
        self._steps += steps

    def count(self, tally: RateTally) -> None:
        """Add the operations since the free phase to a tally."""
        count_differences(self._system, tally, self.held, self.sent, len(self.free[0]), self._steps)

    def _finish(self, layer: int, drive: Tensor) -> Tensor:
        """The new difference of a layer, in place of its drive."""
        if layer < len(self.states) - 1:
            return self._change[layer](drive)
        delta = self.states[layer]
        if self._inside:
            return self._change[layer](drive.addcmul_(delta, self._pull, value=-1.0))
        return self._change[layer](drive).add_(self._force).addcmul_(delta, self._pull, value=-1.0)

    def _count(self, layers: Sequence[int]) -> None:
        for layer in layers:
            self.sent[layer] += torch.count_nonzero(self.states[layer], 0)


class ChangeDifferences:
    """Differences of which changes above a threshold are sent (`core.messages`).

    Args:
        relaxation: a batch at the end of its free phase, which must not run on.

    Attributes:
        free: q at the end of the free phase, of each free layer.
        states: e of each free layer, what of its delta has been sent; sends: who sent in the last step.
    """

    def __init__(self, system: RateSystem, relaxation: ChangeRelaxation) -> None:
        self._system, self.couplings, self.free = system, relaxation.couplings, relaxation.states
        self._squash, self._shown = twin_of(system.neuron).squash, relaxation.values
        self._change = [
            self._squash.change(z, self._squash.apply(z.clone())) for z in relaxation.drives()
        ]
        self._deltas, self.states, self._drives, self._messages = (
            [torch.zeros_like(state) for state in self.free] for _ in range(4)
        )
        self.sends = [torch.zeros_like(state, dtype=torch.bool) for state in self.free]
        self._held = [coupling.held(1) for coupling in self.couplings]
        self._groups, self._inside = groups_of(system), system.dynamics.nudge == "inside"
        self._teacher: tuple[Tensor, Tensor] | None = None
        sizes = [layer.size for layer in system.network.layers]
        self._sent = [self.free[0].new_zeros(size, dtype=torch.int64) for size in sizes]

    @property
    def values(self) -> States:
        """v + delta of each free layer."""
        return [free + delta for free, delta in zip(self._shown, self._deltas, strict=True)]

    @property
    def shown(self) -> States:
        """q + e of each free layer."""
        return [free + sent for free, sent in zip(self.free, self.states, strict=True)]

    def nudge(self, targets: Tensor, betas: Tensor) -> None:
        """From now on, pull the outputs to targets (samples, outputs) with strengths (samples, 1)."""
        self._teacher = (targets - self._shown[-1], betas)

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
        """Add the messages since the free phase to a tally."""
        effective = [
            [torch.count_nonzero(held.weight, 0), torch.count_nonzero(held.back, 1)]
            for held in self._held
        ]
        tally.add_messages(
            self._system, "nudged", [sent.cpu().numpy() for sent in self._sent],
            [[way.cpu().numpy() for way in ways] for ways in effective],
        )  # fmt: skip

    def _all(self) -> list[Tensor]:
        return [*self.states, *self._deltas, *self._drives]

    def _advance(self, layer: int) -> None:
        """New delta from what neighbours have sent, with the nudge that belongs to the outputs."""
        delta, drive = self._deltas[layer], self._messages[layer]
        drive.copy_(self._drives[layer])
        taught = self._teacher if layer == len(self._deltas) - 1 else None
        nudge = None if taught is None else (taught[0] - delta).mul_(taught[1])
        if nudge is not None and self._inside:
            drive.add_(nudge)
        changed = self._change[layer](drive.mul_(self._squash.gain))
        if nudge is not None and not self._inside:
            changed = changed + nudge
        delta.copy_(changed)

    def _send(self, layer: int) -> None:
        """e <- delta where it has moved far enough; the messages are left in their array."""
        state, moved = self.states[layer], self._messages[layer]
        torch.sub(self._deltas[layer], state, out=moved)
        threshold = self._system.messages.threshold_of_differences
        sends = torch.gt(moved.abs(), threshold, out=self.sends[layer])
        moved.mul_(sends)
        state.copy_(torch.where(sends, self._deltas[layer], state))
        self._sent[layer + 1] += torch.count_nonzero(sends, 0)

    def _deliver(self, group: Sequence[int]) -> None:
        """x of the layers above and below += what the transposed couplings carry of the messages."""
        for layer in group:
            if layer + 1 < len(self.states):
                above = self._drives[layer + 1]
                self._held[layer + 1].up(self._messages[layer], above, 1.0, above)
            if layer > 0:
                below = self._drives[layer - 1]
                self._held[layer].down(self._messages[layer], below, 1.0, below)


def residuals(relaxation: Relaxation | ChangeRelaxation) -> Tensor:
    """How far the last step moved each sample: the largest |change of what rules see|, (samples,)."""
    pairs = zip(relaxation.states, relaxation.previous, strict=True)
    return torch.stack([(now - before).abs().amax(1) for now, before in pairs]).amax(0)


Moving = Relaxation | ChangeRelaxation | DifferenceRelaxation | ChangeDifferences
"""What runs the phases after the free one."""


def after_free(system: RateSystem, relaxation: Relaxation | ChangeRelaxation) -> Moving:
    """What runs the phases after the free one, at whose end a batch stands."""
    if not system.dynamics.of_differences:
        return relaxation
    if isinstance(relaxation, ChangeRelaxation):
        return ChangeDifferences(system, relaxation)
    return DifferenceRelaxation(system, relaxation)

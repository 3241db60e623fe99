"""Layers that relax: every free layer follows the drive of its neighbours, step by step.

One step of a group of layers, all from the states before it:

    z_k = base_k + gain_k x sum over couplings of what neighbours send        s_k <- finish_k(z_k)

`base` is the part of the drive that other free layers have no share in: the clamped input's drive, which is
therefore computed once, biases and nudges. What a coupling must know of the layer below it to send downwards (the
picks of max pooling) is kept for as long as that layer has not moved. A layer that has not moved from zeros sends
nothing: a nudge takes as many steps as there are layers to be felt by all, and those below have no work till then.

With a relaxation factor w a step goes w times as far, s_k <- s_k + w (finish_k(z_k) - s_k), within the range of
the activation. Rest is the same; with 1 < w < 2 and layers updated in turn it is reached in fewer steps
(successive over-relaxation; with bounds: Cryer, SIAM J. Control 9, 1971), with w < 1 also where plain steps swing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import torch
from torch import Tensor

from eqspike.nn import shares
from eqspike.nn.couplings import Coupling

States = list[Tensor]
Groups = tuple[tuple[int, ...], ...]


def update_groups(layers: int, updates: str) -> Groups:
    """Free layers, counted from 0, that are updated together, in the order of a step.

    Args:
        updates: `synchronous`, or `even-odd`: layers 0, 2, ... and then the others.
    """
    if updates == "synchronous":
        return (tuple(range(layers)),)
    return tuple(range(0, layers, 2)), tuple(range(1, layers, 2))


@dataclass(frozen=True)
class Settled:
    """How a relaxation ended.

    Attributes:
        steps: that were done, by the sample that took most.
        residuals: the largest |change of a state| in the last one, of each sample, (samples,), divided by the
            relaxation factor.
        sample_steps: steps of all samples together.
    """

    steps: int
    residuals: Tensor
    sample_steps: int


CHECKED_EVERY = 2
"""Steps from one look at the residuals to the next: a look costs about as much as squashing all states twice."""


@dataclass(frozen=True)
class Stride:
    """How far a step takes the states of a layer.

    Attributes:
        factor: w above.
        low, high: where states end that it would take beyond.
    """

    factor: float = 1.0
    low: float = -math.inf
    high: float = math.inf

    def taken(self, state: Tensor, new: Tensor) -> Tensor:
        """The next state, in `new`, which would be the next of a plain step."""
        if self.factor == 1.0:
            return new
        torch.lerp(state, new, self.factor, out=new)
        bounded = math.isfinite(self.low) or math.isfinite(self.high)
        return new.clamp_(self.low, self.high) if bounded else new


@dataclass(frozen=True)
class Link:
    """A coupling between two free layers, counted from 0, `lower` below `upper`."""

    lower: int
    upper: int
    coupling: Coupling


class Start(Enum):
    """What is known of the states before the first step."""

    GIVEN = "nothing"
    ZEROS = "all are 0: layers send nothing until they have moved"
    RESTING = "all are 0, and a layer stays there until something drives it"


class Relaxation:
    """The states of a batch and how they relax.

    Attributes:
        states: of each free layer; previous: before the last step, or room for the next.
        base: see above.

    Args:
        links: couplings between free layers.
        gains: of each layer on what its neighbours send.
        finish: of the number of a layer and z, the new state; it may overwrite z.
        in_place: write into `previous`. Otherwise each step makes new tensors, which autograd can follow.
        strides: of each layer; they need steps in place. Not given: plain steps.
        start: what is known of `states`.
    """

    def __init__(
        self, links: Sequence[Link], gains: Sequence[float], groups: Groups, states: States, base: States,
        finish: Callable[[int, Tensor], Tensor], in_place: bool = True, strides: Sequence[Stride] = (),
        start: Start = Start.GIVEN,
    ) -> None:  # fmt: skip
        layers = range(len(states))
        self.states, self.base = states, base
        self._silent = [start is not Start.GIVEN] * len(states)
        self._driven = [start is not Start.RESTING or bool(each.any()) for each in base]
        self.previous = self._room() if in_place else list(states)
        self._links, self._gains, self._groups = links, gains, groups
        self._below = [[n for n, link in enumerate(links) if link.upper == k] for k in layers]
        self._above = [[n for n, link in enumerate(links) if link.lower == k] for k in layers]
        self._around = [
            [*(links[n].lower for n in self._below[k]), *(links[n].upper for n in self._above[k])]
            for k in layers
        ]
        self._observed = [False] * len(links)
        self._finish, self._in_place = finish, in_place
        self._strides = strides or [Stride()] * len(states)

    def step(self) -> None:
        """One step of all layers."""
        for group in self._groups:
            moving = [layer for layer in group if not self._stays(layer)]
            # From above, so that the way down finds what the way up has observed of the same states.
            for layer in reversed(moving):
                new = self._finish(layer, self.drive(layer, self.previous[layer]))
                self.previous[layer] = self._strides[layer].taken(self.states[layer], new)
            for layer in moving:
                self.states[layer], self.previous[layer] = self.previous[layer], self.states[layer]
                self._silent[layer] = False
                self.forget(layer)

    def _stays(self, layer: int) -> bool:
        """Whether nothing has reached a layer yet that began at 0."""
        reached = self._driven[layer] or not all(self._silent[each] for each in self._around[layer])
        return self._silent[layer] and not reached

    def run(self, steps: int, after: Callable[[int], None] | None = None) -> None:
        """Many steps; `after` is called with the number of each one when it is done."""
        for number in range(steps):
            self.step()
            if after is not None:
                after(number)

    def settle(
        self, steps: int, tolerance: float | None, after: Callable[[int], None] | None = None,
        unit: Tensor | None = None,
    ) -> Settled:  # fmt: skip
        """At most so many steps, fewer if all samples come to rest.

        Args:
            tolerance: residual from which a sample is at rest; None: all steps are done.
            after: see `run`.
            unit: of each sample's residual, (samples,); 1 if it is not given.
        """
        done, residuals = 0, self.states[0].new_zeros(len(self.states[0]))
        while done < steps:
            number = min(CHECKED_EVERY if tolerance is not None else steps, steps - done)
            self.run(number, after)
            done += number
            residuals = _in_units(self.residuals(), unit)
            if tolerance is not None and shares.everywhere(bool((residuals <= tolerance).all())):
                break
        return Settled(done, residuals, done * len(residuals))

    def settle_each(
        self, steps: int, tolerance: float, after: Callable[[int], None] | None = None,
        unit: Tensor | None = None, narrow: Callable[[Tensor], None] | None = None,
    ) -> Settled:  # fmt: skip
        """The same, but each sample stays as it is once it is at rest, and the others go on without it.

        So what becomes of a sample does not depend on those beside it.

        Args:
            narrow: called with the places, among the samples that were going on, of those that still do; after it,
                `finish` knows no others.
        """
        reached = [torch.empty_like(state) for state in self.states]
        base, links, samples = self.base, self._links, len(reached[0])
        residuals = reached[0].new_zeros(samples)
        going, done, together = torch.arange(samples, device=residuals.device), 0, 0
        while len(going):
            number = min(CHECKED_EVERY, steps - done)
            self.run(number, after)
            done, together = done + number, together + number * len(going)
            residuals[going] = _in_units(self.residuals(), None if unit is None else unit[going])
            moving = (residuals[going] > tolerance) & (done < steps)
            resting = (~moving).nonzero().flatten()
            if len(resting):
                for into, state in zip(reached, self.states, strict=True):
                    into.index_copy_(0, going[resting], state.index_select(0, resting))
                left = moving.nonzero().flatten()
                going = going[left]
                self._go_on_with(left)
                if narrow is not None:
                    narrow(left)
        self._go_on(reached, base, links)
        return Settled(done, residuals, together)

    def _go_on_with(self, samples: Tensor) -> None:
        states = [rows(state, samples) for state in self.states]
        base = [each if len(each) == 1 else rows(each, samples) for each in self.base]
        links = [replace(link, coupling=link.coupling.of(samples)) for link in self._links]
        self._go_on(states, base, links)

    def _go_on(self, states: States, base: States, links: Sequence[Link]) -> None:
        self.states, self.base, self._links = states, base, links
        self.previous = self._room()
        for layer in range(len(states)):
            self.forget(layer)

    def _room(self) -> States:
        """For the next states; of layers that have not moved, what they were before."""
        return [
            torch.zeros_like(state) if silent else torch.empty_like(state)
            for state, silent in zip(self.states, self._silent, strict=True)
        ]

    def forget(self, layer: int) -> None:
        """The state of a layer has been changed."""
        for link in self._above[layer]:
            self._observed[link] = False

    def observe(self) -> None:
        """Let all couplings note what they must know of the present states."""
        for number in range(len(self._links)):
            self._observe(number)

    def residuals(self) -> Tensor:
        """How far the last step moved each sample: the largest |change of a state| / factor, (samples,)."""
        moved = [
            torch.sub(now, before).abs_().flatten(1).amax(1) / stride.factor
            for now, before, stride in zip(self.states, self.previous, self._strides, strict=True)
        ]
        return torch.stack(moved).amax(0)

    def drive(self, layer: int, into: Tensor) -> Tensor:
        """z of a layer, in `into` where steps are in place."""
        out = into if self._in_place else None
        drive, gain = self.base[layer], self._gains[layer]
        for number in self._below[layer]:
            link = self._links[number]
            if not self._silent[link.lower]:
                drive = link.coupling.up(self.states[link.lower], drive, gain, out)
                self._observed[number] = True
        for number in self._above[layer]:
            link = self._links[number]
            if not self._silent[link.upper]:
                self._observe(number)
                drive = link.coupling.down(self.states[link.upper], drive, gain, out)
        if drive is not self.base[layer]:
            return drive
        return drive.clone() if out is None else out.copy_(drive)

    def _observe(self, number: int) -> None:
        if not self._observed[number]:
            link = self._links[number]
            link.coupling.observe(self.states[link.lower])
            self._observed[number] = True


def _in_units(residuals: Tensor, unit: Tensor | None) -> Tensor:
    return residuals if unit is None else torch.where(unit > 0, residuals / unit, residuals)


def rows(of: Tensor, samples: Tensor) -> Tensor:
    """Samples by their places, each as often as it is asked for; maps with their channels last in memory."""
    memory = torch.channels_last if of.dim() == 4 else torch.contiguous_format
    shape = (len(samples), *of.shape[1:])
    into = torch.empty(shape, dtype=of.dtype, device=of.device, memory_format=memory)
    return torch.index_select(of, 0, samples, out=into)

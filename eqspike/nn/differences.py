"""Nudged phases in difference form: what relaxes is delta = s(nudged) - s(free), not two states.

    delta_k <- rho(z_k + what neighbours send of delta [- strength dC/do]) - rho(z_k)

z are the drives at the free state. What is sent is linear in delta, rho is applied exactly (`nn.activations`) and
max pooling keeps the picks of the free state, so nothing is lost by subtracting near numbers, in any format.

Sent by the transposed couplings (up by the backward weights, down by the forward ones), delta / strength becomes
the adjoint state as strength goes to 0, and changes of the receiver times values of the sender are the gradient of
every weight, also where forward and backward weights differ: asymmetric Equilibrium Propagation (the idea of
Scurria, Vanden Abeele, Mognetti and Massar, arXiv:2602.03670, 2026; this form is ours). With tied weights it is
the usual contrast of the two states. With rho linearised and strength 1 it is implicit differentiation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from eqspike.nn.activations import Change, linearised
from eqspike.nn.circuit import Rest, channels_last
from eqspike.nn.relaxation import Settled, Start, States, rows
from eqspike.nn.teaching import Pace, Products, Taught, Teaching, collect, scaled


def contrast_of_differences(
    rest: Rest, teaching: Teaching, strengths: tuple[float, float], pace: Pace, by_input: bool,
    after: Callable[[States], None] | None = None, dead_zone: float = 0.0,
) -> Taught:  # fmt: skip
    """The contrast of the states at two strengths, one of which may be 0, the free state's.

    Args:
        after: called with the differences after each step.
        dead_zone: see `EnergySettings`.
    """
    asked = [strength for strength in strengths if strength]
    changes = changes_at(rest, exact=True)
    moved, settled = relax_differences(rest, teaching, asked, pace, changes, after, dead_zone)
    first, second = (
        _part(moved, asked.index(strength), len(asked))
        if strength
        else [torch.zeros_like(s) for s in rest.states]
        for strength in strengths
    )
    free, factor = rest.states, -1.0 / (strengths[1] - strengths[0])
    separate = any(c.back is not c.weight for c in rest.circuit.couplings)
    values = (
        free
        if separate
        else [s + (a + b) * 0.5 for s, a, b in zip(free, first, second, strict=True)]
    )
    apart = [b - a for a, b in zip(first, second, strict=True)]
    products = Products(values, scaled(apart, teaching, factor))
    gradients = collect(rest.circuit, rest.inputs, [products], by_input)
    return Taught(gradients, settled, tuple(float((d != 0).double().mean()) for d in apart))


def implicit(rest: Rest, teaching: Teaching, pace: Pace, by_input: bool) -> Taught:
    """Implicit differentiation: the adjoint state relaxes, under a constant force."""
    teaching = replace(teaching, curvature=0.0)
    adjoint, settled = relax_differences(rest, teaching, [1.0], pace, changes_at(rest, exact=False))
    products = Products(rest.states, scaled(adjoint, teaching, -1.0))
    return Taught(collect(rest.circuit, rest.inputs, [products], by_input), settled)


def changes_at(rest: Rest, exact: bool) -> Callable[[Tensor], list[Change]]:
    """How rho of each layer changes around the free state, of samples by their places in the batch."""
    drives, squashes = rest.drives(), rest.circuit.squashes

    def make(places: Tensor) -> list[Change]:
        made = []
        for squash, drive in zip(squashes, drives, strict=True):
            z = rows(drive, places)
            rate = squash.apply(z.clone())
            made.append(squash.change(z, rate) if exact else linearised(squash, z, rate))
        return made

    return make


def relax_differences(
    rest: Rest, teaching: Teaching, strengths: Sequence[float], pace: Pace,
    changes: Callable[[Tensor], list[Change]], after: Callable[[States], None] | None = None,
    dead_zone: float = 0.0,
) -> tuple[States, Settled]:  # fmt: skip
    """delta of each layer at each strength, copies of the batch one after the other, and how it came to rest."""
    circuit, copies, last = rest.circuit, len(strengths), len(rest.states) - 1
    gain = circuit.squashes[-1].gain
    states = [channels_last(s.new_zeros(copies * len(s), *s.shape[1:])) for s in rest.states]
    base = [torch.zeros_like(state) for state in states]
    force, column = teaching.force(strengths), teaching.column(strengths)
    base[last] = force * gain
    least = teaching.size(strengths) * dead_zone
    places = places_of(rest, copies)
    change = changes(places)

    def narrow(left: Tensor) -> None:
        nonlocal places, change, force, column, least
        places, force, column, least = (each[left] for each in (places, force, column, least))
        change = changes(places)

    def finish(layer: int, drive: Tensor) -> Tensor:
        if layer != last:
            changed = change[layer](drive)
            return silenced(changed, least) if dead_zone else changed
        if teaching.clamp:
            return drive.copy_(force)
        if teaching.curvature:
            drive.addcmul_(relaxation.states[last], column, value=-gain * teaching.curvature)
        return change[layer](drive)

    relaxation = circuit.relaxation(
        circuit.links(copies), states, base, finish, circuit.groups_from_output,
        strides=circuit.strides(False, teaching.clamp, teaching.pull(strengths)), start=Start.RESTING,
    )  # fmt: skip
    watch = None if after is None else lambda number: after(relaxation.states)
    steps, tolerance = pace
    if tolerance is None:
        settled = relaxation.settle(steps, None, watch)
    else:
        unit = teaching.size(strengths)
        settled = relaxation.settle_each(steps, tolerance, watch, unit, narrow)
    return relaxation.states, settled


def places_of(rest: Rest, copies: int) -> Tensor:
    """Places in the batch of the samples of so many copies of it."""
    return torch.arange(len(rest.inputs), device=rest.inputs.device).repeat(copies)


def silenced(differences: Tensor, least: Tensor) -> Tensor:
    """Differences, those whose size is below the least of their sample, (samples,), set to 0."""
    bound = least.view(-1, *(1,) * (differences.dim() - 1))
    return differences.mul_(differences.abs() >= bound)


def _part(states: States, index: int, copies: int) -> States:
    return [state.chunk(copies)[index] for state in states]

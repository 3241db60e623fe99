"""Holomorphic Equilibrium Propagation: nudges on a circle in the complex plane, in difference form.

    gradient = - 1 / (N beta) sum_n Re[e^(-i phi) dPhi/dtheta(s at strength beta e^(i phi))],  phi = 2 pi n / N

Its error falls as beta^N, so beta need not be small. N = 2 is centered Equilibrium Propagation. Source: Laborieux
and Zenke, NeurIPS 2022. What neighbours send is linear with real weights, so real and imaginary parts stand in one
real batch, and only the activation sees complex numbers; it must be analytic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from eqspike.nn.circuit import Rest, channels_last
from eqspike.nn.differences import changes_at, places_of
from eqspike.nn.relaxation import Settled, Start, States
from eqspike.nn.teaching import Pace, Products, Taught, Teaching, collect, scaled


def holomorphic(
    rest: Rest, teaching: Teaching, beta: float, points: int, pace: Pace, by_input: bool
) -> Taught:
    """The first Fourier coefficient over so many nudges of size beta."""
    angles = [2 * math.pi * number / points for number in range(points)]
    moved, settled = _relax(rest, teaching, beta, angles, pace)
    parts = [Products(rest.states, [torch.zeros_like(state) for state in rest.states])]
    for number, angle in enumerate(angles):
        real = [state.chunk(2 * points)[number] for state in moved]
        imaginary = [state.chunk(2 * points)[points + number] for state in moved]
        cosine, sine = math.cos(angle), math.sin(angle)
        turned = [a * cosine + b * sine for a, b in zip(real, imaginary, strict=True)]
        across = [a * sine - b * cosine for a, b in zip(real, imaginary, strict=True)]
        for total, share in zip(parts[0].changes, turned, strict=True):
            total.add_(share)
        # Re[e^(-i phi) delta delta'], half of it from each side.
        for values, changes in ((real, turned), (imaginary, across)):
            half = [value * 0.5 for value in values]
            parts.append(Products(half, changes, inner=True))
    factor = -1.0 / (points * beta)
    ready = [Products(p.values, scaled(p.changes, teaching, factor), p.inner) for p in parts]
    return Taught(collect(rest.circuit, rest.inputs, ready, by_input), settled)


def _relax(
    rest: Rest, teaching: Teaching, beta: float, angles: Sequence[float], pace: Pace
) -> tuple[States, Settled]:
    """delta of each layer: the real parts of all copies of the batch, then the imaginary ones."""
    circuit, points, last = rest.circuit, len(angles), len(rest.states) - 1
    change = changes_at(rest, exact=True)(places_of(rest, points))
    gain = circuit.squashes[-1].gain
    states = [channels_last(s.new_zeros(2 * points * len(s), *s.shape[1:])) for s in rest.states]
    parts = [beta * math.cos(angle) for angle in angles] + [
        beta * math.sin(angle) for angle in angles
    ]
    base = [torch.zeros_like(state) for state in states]
    base[last] = teaching.force(parts) * gain
    strength = torch.complex(*teaching.column(parts).chunk(2)) * (gain * teaching.curvature)

    def finish(layer: int, drive: Tensor) -> Tensor:
        z = torch.complex(*drive.chunk(2))
        if layer == last and teaching.curvature:
            z = z - strength * torch.complex(*relaxation.states[last].chunk(2))
        changed = change[layer](z)
        return torch.cat([changed.real, changed.imag], out=drive)

    links = circuit.links(2 * points)
    strides, groups = circuit.strides(False, pull=teaching.pull(parts)), circuit.groups_from_output
    relaxation = circuit.relaxation(
        links, states, base, finish, groups, strides=strides, start=Start.RESTING
    )
    unit = teaching.size([beta] * (2 * points))
    return relaxation.states, relaxation.settle(*pace, None, unit)

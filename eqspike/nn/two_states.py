"""Nudged phases as two states, each simulated whole and compared at the end: the form of the literature.

    s_L <- rho(z_L - strength dC/do), or s_L <- o - strength dC/do where outputs are clamped

Both start from the free state, and both relax in one batch. Each has the picks of max pooling of its own.
"""

from __future__ import annotations

import torch
from torch import Tensor

from eqspike.nn.circuit import Rest
from eqspike.nn.relaxation import Settled, States
from eqspike.nn.teaching import Gradients, Pace, Taught, Teaching, scaled


def contrast_of_states(
    rest: Rest, teaching: Teaching, strengths: tuple[float, float], pace: Pace, by_input: bool
) -> Taught:
    """The contrast of the states at two strengths, one of which may be 0, the free state's."""
    asked = [strength for strength in strengths if strength]
    reached, settled = _relax(rest, teaching, asked, pace)
    states = [
        [state.chunk(len(asked))[asked.index(strength)] for state in reached]
        if strength
        else rest.states
        for strength in strengths
    ]
    factor = 1.0 / (strengths[1] - strengths[0])
    weighted = [
        scaled(each, teaching, sign * factor)
        for each, sign in zip(states, (1.0, -1.0), strict=True)
    ]
    apart = [a + b for a, b in zip(*weighted, strict=True)]
    found = Gradients.of(rest.circuit, rest.inputs, apart, by_input)
    for number, wire in enumerate(rest.circuit.structure.wires[1:], 1):
        coupling = rest.circuit.couplings[number]
        for state, post in zip(states, weighted, strict=True):
            pre = state[wire.lower]
            coupling.accumulate(
                pre, coupling.routed(pre, post[wire.upper]), found.weights[number], 1.0
            )
    moved = tuple(float((a != b).double().mean()) for a, b in zip(*states, strict=True))
    coarse = tuple(coarse_share(a, b) for a, b in zip(*states, strict=True))
    return Taught(found, settled, moved, coarse)


def coarse_share(first: Tensor, second: Tensor) -> float:
    """Share of the neurons that differ in two states by no more than four roundings; 1 where none differ."""
    apart = (first - second).abs()
    rounding = torch.maximum(first.abs(), second.abs()) * (4 * torch.finfo(first.dtype).eps)
    differ = torch.count_nonzero(apart)
    return float(torch.count_nonzero((apart > 0) & (apart <= rounding)) / differ) if differ else 1.0


def _relax(
    rest: Rest, teaching: Teaching, strengths: list[float], pace: Pace
) -> tuple[States, Settled]:
    """States at each strength, copies of the batch one after the other."""
    circuit, copies, last = rest.circuit, len(strengths), len(rest.states) - 1
    states = [torch.cat([state] * copies) for state in rest.states]
    base = [b if len(b) == 1 else torch.cat([b] * copies) for b in rest.base]
    force, free, gain = teaching.force(strengths), states[last].clone(), circuit.squashes[-1].gain
    pull = teaching.column(strengths) * teaching.curvature
    base[last] = base[last] + (force + pull * free) * gain

    def finish(layer: int, drive: Tensor) -> Tensor:
        if layer == last and teaching.clamp:
            return torch.add(free, force, out=drive)
        if layer == last and teaching.curvature:
            drive.addcmul_(relaxation.states[last], pull, value=-gain)
        return circuit.squashes[layer].apply(drive)

    relaxation = circuit.relaxation(
        circuit.links(), states, base, finish, circuit.groups_from_output,
        strides=circuit.strides(True, teaching.clamp, teaching.pull(strengths)),
    )  # fmt: skip
    return relaxation.states, relaxation.settle(*pace, None, teaching.size(strengths))

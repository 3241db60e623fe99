"""One experiment a boundary condition: the estimate of Equilibrium Propagation against the exact gradient.

Three Duffing oscillators, coupled by springs, 400 steps of 0.02; the first is driven, the cost is of the second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from eqspike.nn.lagrangian import Motion

UNITS, STEPS, TIME_STEP = 3, 400, 0.02
FIRST, SECOND = [0, 0, 1], [1, 2, 2]
"""Which oscillators each coupling joins."""


@dataclass(frozen=True)
class Row:
    """One estimator.

    Attributes:
        condition: what trajectories share.
        estimator: how the gradient is read.
        relative_error, cosine: to automatic differentiation of the same problem.
    """

    condition: str
    estimator: str
    relative_error: float
    cosine: float


def experiments(seed: int = 0, nudge: float = 1e-5, steps: int = STEPS) -> list[Row]:
    """All boundary conditions, in the order of the text.

    Args:
        seed: of parameters, drive and target.
        nudge: β of the two nudged trajectories, plus and minus.
        steps: of the trajectories; even.
    """
    motion, parameters = duffing(seed, steps)
    rows = initial_value(motion, parameters, nudge)
    rows.append(closed(motion, parameters, nudge, periodic=False))
    rows.append(closed(motion, parameters, nudge, periodic=True))
    rows.append(echo(motion, parameters, nudge, weighted=True))
    for damping in (0.05, 0.3):
        damped = replace(motion, damping=damping)
        rows += [echo(damped, parameters, nudge, weighted) for weighted in (True, False)]
    return rows


def duffing(seed: int, steps: int = STEPS) -> tuple[Motion, Tensor]:
    """The oscillators, and their parameters: springs, quartic terms, couplings (1-2, 1-3, 2-3)."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(low: float, high: float, size: int) -> Tensor:
        return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)

    parameters = torch.cat((drawn(1.0, 2.0, 3), drawn(0.2, 0.6, 3), drawn(0.2, 0.6, 3)))
    turns = 2 * torch.pi * torch.arange(steps + 1, dtype=torch.float64) / steps
    phase = drawn(0.0, 6.28, 4)
    drive = 0.5 * torch.sin(turns + phase[0]) + 0.3 * torch.sin(3 * turns + phase[1])
    target = 0.5 * torch.sin(2 * turns + phase[2])
    first = drawn(-0.5, 0.5, 3)
    start = torch.stack((first, first + TIME_STEP * drawn(-0.5, 0.5, 3)))
    return Motion(potential, cost, drive, target, start, TIME_STEP), parameters


def potential(state: Tensor, parameters: Tensor, drive: Tensor) -> Tensor:
    """Σ k s²/2 + Σ q s⁴/4 + Σ κ (s_i - s_j)²/2 - u s_1."""
    springs, quartic, couplings = parameters.view(3, UNITS)
    apart = state[..., FIRST] - state[..., SECOND]
    wells: Tensor = (
        springs * state**2 / 2 + quartic * state**4 / 4 + couplings * apart**2 / 2
    ).sum(-1)
    return wells - drive * state[..., 0]


def cost(state: Tensor, target: Tensor) -> Tensor:
    """(s_2 - target)² / 2."""
    return (state[..., 1] - target) ** 2 / 2


def initial_value(motion: Motion, parameters: Tensor, nudge: float) -> list[Row]:
    """All trajectories start alike: the residual at the end stays, and needs forward sensitivities."""
    exact = exact_gradient(motion, parameters)
    pair = motion.forward(parameters, both(nudge))
    contrast = motion.contrast(pair, parameters, nudge)

    def end(of: Tensor) -> Tensor:
        last = motion.forward(of, torch.zeros(1, dtype=torch.float64))[0, -2:]
        return torch.cat((last[1], (last[1] - last[0]) / motion.time_step))

    sensitivity: Tensor = jacobian(end, parameters)  # type: ignore[no-untyped-call]
    by_nudge = (pair[0, -2:] - pair[1, -2:]) / (2 * nudge)
    momentum = (by_nudge[1] - by_nudge[0]) / motion.time_step
    residual = momentum @ sensitivity[:UNITS] - by_nudge[1] @ sensitivity[UNITS:]
    name = "initial value"
    return [
        compared(name, "contrast alone", contrast, exact),
        compared(name, "contrast and residual", contrast + residual, exact),
    ]


def closed(motion: Motion, parameters: Tensor, nudge: float, periodic: bool) -> Row:
    """Both ends fixed, or joined: no residual, but each trajectory is a problem in all of time at once."""
    guess = motion.forward(parameters, torch.zeros(1, dtype=torch.float64))[0]
    if periodic:
        guess = torch.zeros_like(guess)
    leaf = parameters.clone().requires_grad_()
    free = motion.boundary_value(guess, leaf, 0.0, periodic)
    (exact,) = torch.autograd.grad(motion.total_cost(free, periodic), leaf)
    pair = torch.stack(
        [
            motion.boundary_value(free.detach(), parameters, sign * nudge, periodic)
            for sign in (1, -1)
        ]
    )
    found = motion.contrast(pair, parameters, nudge, periodic=periodic)
    return compared("periodic" if periodic else "boundary value", "contrast alone", found, exact)


def echo(motion: Motion, parameters: Tensor, nudge: float, weighted: bool) -> Row:
    """All trajectories end as the free one does, and are run back: the residual vanishes."""
    free = motion.forward(parameters, torch.zeros(1, dtype=torch.float64))[0]
    pair = motion.backward(free, parameters, both(nudge), weighted)
    found = motion.contrast(pair, parameters, nudge, weighted)
    name = "final value (echo)" + (f", damping {motion.damping:g}" if motion.damping else "")
    how = "contrast alone" if not motion.damping else "weighted" if weighted else "not weighted"
    return compared(name, how, found, exact_gradient(motion, parameters))


def exact_gradient(motion: Motion, parameters: Tensor) -> Tensor:
    """dC/dθ of the initial value problem by automatic differentiation."""
    leaf = parameters.clone().requires_grad_()
    free = motion.forward(leaf, torch.zeros(1, dtype=torch.float64))[0]
    (gradient,) = torch.autograd.grad(motion.total_cost(free), leaf)
    return gradient


def both(nudge: float) -> Tensor:
    """Plus and minus β."""
    return torch.tensor([nudge, -nudge], dtype=torch.float64)


def compared(condition: str, estimator: str, found: Tensor, exact: Tensor) -> Row:
    """An estimate beside the exact gradient."""
    error = float((found - exact).norm() / exact.norm())
    cosine = float(torch.cosine_similarity(found, exact, dim=0))
    return Row(condition, estimator, error, cosine)

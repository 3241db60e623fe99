"""Where echoes of nonlinear oscillators stop to be exact: error of the gradient by step, length and kick.

    python benchmarks/echo_chaos.py

Eight log-cosh oscillators driven by white noise; the loss is the mean squared distance to a random series, in
float64. Printed: the size of the gradient by the initial state, and the largest relative error of a gradient of
RHEL against backpropagation through time for several ratios of kick to momentum.
"""

from __future__ import annotations

import torch
from torch import Tensor

from eqspike.nn import HamiltonianUnit, LogCoshOscillators

STEPS, LENGTHS, RATIOS = (0.1, 0.01), (1_000, 10_000, 50_000), (1e-3, 1e-5, 1e-7, 1e-9)


def gradients(step: float, length: int, backward: str, ratio: float | None = None) -> list[Tensor]:
    """By initial position, initial momentum and every parameter."""
    generator = torch.Generator().manual_seed(0)
    energy = LogCoshOscillators(3, 8, step=step, generator=generator).double()
    unit = HamiltonianUnit(energy, backward=backward, kick_ratio=ratio)
    inputs = torch.randn(2, length, 3, generator=generator, dtype=torch.float64)
    target = torch.randn(2, length, 8, generator=generator, dtype=torch.float64)
    state = torch.zeros(2, 2, 8, dtype=torch.float64).requires_grad_()
    (unit(inputs, (state[0], state[1])) - target).square().mean().backward()
    return [of.grad for of in (state, *energy.parameters()) if of.grad is not None]


def main() -> None:
    print(
        "| step | T | gradient by the initial state | "
        + " | ".join(f"error at {r:g}" for r in RATIOS)
        + " |"
    )
    print("|---" * (3 + len(RATIOS)) + "|")
    for step in STEPS:
        for length in LENGTHS:
            exact = gradients(step, length, "bptt")
            cells = [f"{step:g}", f"{length:,}", f"{float(exact[0].norm()):.1e}"]
            for ratio in RATIOS:
                found = gradients(step, length, "rhel", ratio)
                errors = (
                    float((a - b).norm() / b.norm()) for a, b in zip(found, exact, strict=True)
                )
                cells.append(f"{max(errors):.1e}")
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

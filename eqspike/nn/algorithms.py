"""Learning algorithms of energy-based networks as data: one row each.

    contrast     - (dPhi/dtheta(s at strength second) - dPhi/dtheta(s at strength first)) / (second - first)
    nudge        the cost enters the energy: s = argmin E + strength x beta x C
    clamp        outputs are held at o - strength x beta x dC/do, o the free outputs; hidden layers relax
    implicit     the same derivative in the limit of a small nudge: the linearised dynamics of the transposed
                 couplings relax, which are recurrent backpropagation
    unrolled     backpropagation through the last steps of the dynamics, from the free state
    holomorphic  nudges beta exp(2 pi i n / N), n = 0 ... N - 1, and the first Fourier coefficient of dPhi/dtheta

Sources: Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023, arXiv:2312.15103 (the seven contrasts, coupled
learning, TBP, RBP); Laborieux and Zenke, NeurIPS 2022 (holomorphic).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contrast:
    """Two perturbed states are compared.

    Attributes:
        perturbation: `nudge` or `clamp`.
        first, second: strengths in units of the block's beta; 0 is the free state.
        full: beta is 1 whatever the block's: outputs are clamped to their targets.
    """

    perturbation: str
    first: float
    second: float
    full: bool = False


@dataclass(frozen=True)
class Implicit:
    """Implicit differentiation at the fixed point."""


@dataclass(frozen=True)
class Unrolled:
    """Backpropagation through the last steps, as many as the block has nudged ones."""


@dataclass(frozen=True)
class Holomorphic:
    """As many nudges on a circle as the block has `points`."""


Algorithm = Contrast | Implicit | Unrolled | Holomorphic

ALGORITHMS: dict[str, Algorithm] = {
    "cl": Contrast("clamp", 0.0, 1.0, full=True),
    "p-ep": Contrast("nudge", 0.0, 1.0),
    "n-ep": Contrast("nudge", -1.0, 0.0),
    "c-ep": Contrast("nudge", -1.0, 1.0),
    "p-cpl": Contrast("clamp", 0.0, 1.0),
    "n-cpl": Contrast("clamp", -1.0, 0.0),
    "c-cpl": Contrast("clamp", -1.0, 1.0),
    "implicit": Implicit(),
    "unrolled": Unrolled(),
    "holomorphic": Holomorphic(),
}
"""Contrastive learning; positive, negative and centered Equilibrium Propagation; the same of coupled learning."""

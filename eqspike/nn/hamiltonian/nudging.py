"""How hard an echo is kicked."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqspike.nn import shares


@dataclass(frozen=True)
class Kicks:
    """Strengths ε of the two echoes of a backward pass; a gradient is their contrast over `first - second`.

    Attributes:
        ratio: root mean square of what all kicks of the pass add up to, over that of the momenta. Kicks are taken
            to be uncorrelated in time. Above 0.
        one_sided: compares one echo with the free pass's own reversal, with a bias of order ε instead of ε².
    """

    ratio: float
    one_sided: bool

    def strengths(self, mean_square: float, *cotangents: Tensor | None) -> tuple[float, float]:
        """First and second ε.

        Args:
            mean_square: of the free pass's momenta.
            cotangents: of positions (samples, time, size), and of the last momenta (samples, size) or None.
        """
        given = [of.detach() for of in cotangents if of is not None]
        total = sum(float(torch.linalg.vector_norm(of)) ** 2 for of in given)
        oscillators = given[0].shape[0] * given[0].shape[-1]
        means = torch.tensor((total / oscillators, mean_square), dtype=torch.float64)
        kick, momentum = shares.mean(means).sqrt().tolist()
        strength = self.ratio * (momentum or 1.0) / kick if kick > 0 else 1.0
        return strength, 0.0 if self.one_sided else -strength

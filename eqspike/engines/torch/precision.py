"""Two states in bfloat16 that differ by hardly more than rounding: what such a layer learns is noise."""

from __future__ import annotations

import warnings

import torch

from eqspike.engines.torch.contrast import Contrast
from eqspike.nn import PrecisionWarning
from eqspike.nn.two_states import coarse_share
from eqspike.systems import RateSystem

CHECKED_EVERY = 100
"""Batches from one look at the states to the next."""

MOST_COARSE = 0.5
"""Share of the neurons that differ, from which a layer is named."""


class PrecisionGuard:
    """Looks at the states that a session compares, and warns once (`PrecisionWarning`)."""

    def __init__(self, system: RateSystem) -> None:
        self._layers = [layer.name for layer in system.network.free_layers]
        self._watches, self._batches = system.precision == "bfloat16", 0

    def check(self, found: Contrast) -> None:
        """Look at a batch, if it is one of those that are looked at."""
        self._batches += 1
        if not self._watches or self._batches % CHECKED_EVERY != 1:
            return
        low = ([s.to(torch.bfloat16) for s in states] for states in (found.first, found.second))
        lost = []
        for name, first, second in zip(self._layers, *low, strict=True):
            share, moved = coarse_share(first, second), float((first != second).double().mean())
            if share > MOST_COARSE:
                lost.append(f"'{name}' ({share:.0%} of the {moved:.0%} that differ)")
        if lost:
            self._watches = False
            warnings.warn(
                "the nudged states differ by at most four roundings of bfloat16 in most neurons of "
                f"{', '.join(lost)}: what these layers learn is noise; set dynamics.form to difference, or "
                "training.precision to float32",
                PrecisionWarning,
                stacklevel=2,
            )

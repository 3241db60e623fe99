"""Weights on a binary grid make sums exact, so that the order of additions cannot matter.

A synaptic current is a sum of weights. If every weight is a multiple of 2^-32 and partial sums stay below
2^20, each float64 addition is exact: simulators that add in different orders, or skip additions that cancel,
produce the same bits. In float32 the grid is 2^-18 and sums are exact below 2^6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS_PER_UNIT = {"float64": 2.0**32, "float32": 2.0**18}


def snap(weights: NDArray[Any], precision: str = "float64") -> NDArray[Any]:
    """Nearest points of the grid of `precision`; ties to even. Same shape as `weights`, of that type."""
    steps = STEPS_PER_UNIT[precision]
    return np.asarray(np.rint(weights * steps) / steps, dtype=precision)

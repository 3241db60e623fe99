"""What is recorded of a curriculum: how many weights turn their sign, and how large those behind them grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eqspike.core.learner import Arrays

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
"""Of |hidden weight|, in the records."""

HIDDEN = ".hidden"
"""End of the name of what stands behind the weights of a coupling (`memory.Metaplastic`, binary networks)."""


def hidden_weights(state: Arrays) -> Arrays:
    """What stands behind the weights of each coupling, by its name; the weights themselves where nothing does."""
    hidden = {n.removesuffix(HIDDEN): a.copy() for n, a in state.items() if n.endswith(HIDDEN)}
    couplings = {n: a.copy() for n, a in state.items() if "-" in n and not set(n) & set("./")}
    return hidden or couplings


def turning(before: Arrays, after: Arrays) -> dict[str, Any]:
    """Two moments compared, by coupling: hidden weights at the start of an epoch and at its end.

    Returns:
        `turned`: fraction of weights with another sign; `magnitude`: `QUANTILES` of |weight| at the end.
    """
    return {
        "turned": {
            name: float(np.mean((before[name] < 0) != (array < 0))) for name, array in after.items()
        },
        "magnitude": {
            name: [float(q) for q in np.quantile(np.abs(array), QUANTILES)]
            for name, array in after.items()
        },
    }


def learnt_accuracy(records: Sequence[dict[str, Any]]) -> list[float]:
    """Accuracy of each task of a run's records when its own training ended: what there was to forget."""
    last = {r["stage"]: r["test_accuracy_by_stage"][r["stage"]] for r in records}
    return [last[stage] for stage in sorted(last)]

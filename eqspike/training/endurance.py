"""How often each weight was written, of memories that count it (`memory.WeightMemory`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eqspike.training.files import Arrays

_SUFFIX = ".writes"


@dataclass(frozen=True)
class CellWrites:
    """Writes of the weights of one coupling since training began.

    Attributes:
        cells: number of weights.
        mean, p99: over the weights; 99 of 100 weights were written p99 times or less.
        largest: of the weight written most often, which wears out first.
    """

    cells: int
    mean: float
    p99: int
    largest: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def cell_writes(weights: Arrays) -> Mapping[str, CellWrites]:
    """Writes by coupling, from the arrays of a session or a run; empty where no memory counts them."""
    found = {}
    for name, array in weights.items():
        if name.endswith(_SUFFIX):
            p99 = np.quantile(array, 0.99, method="inverted_cdf")
            found[name.removesuffix(_SUFFIX)] = CellWrites(
                array.size, float(array.mean()), int(p99), int(array.max())
            )
    return found

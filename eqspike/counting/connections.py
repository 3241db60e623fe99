"""Stored synapses, as far as counting needs them: how many each neuron's spike reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Connection:
    """Synapses from the neurons of one layer to those of another, or of the same.

    Attributes:
        source, target: names of the layers.
        stored: (source neurons,) synapses that a spike of each neuron is delivered through.
        effective: (source neurons,) those of them whose weight is not zero.
    """

    source: str
    target: str
    stored: Ints
    effective: Ints

    @property
    def name(self) -> str:
        """Name in the counts, such as `hidden->output`."""
        return f"{self.source}->{self.target}"

    @staticmethod
    def dense(source: str, target: str, weights: Any) -> Connection:
        """All neurons to all: each entry of a matrix is a stored synapse, also a zero.

        Args:
            weights: array or tensor of shape (source neurons, target neurons); a sparse matrix of SciPy stores
                only its entries.

        Raises:
            DataError: for another number of dimensions.
        """
        if hasattr(weights, "tocoo"):
            entries = weights.tocoo()
            size = int(entries.shape[0])
            return Connection.listed(source, target, size, entries.row, entries.data)
        matrix = plain(weights)
        if matrix.ndim != 2:
            raise DataError(
                f"weights of '{source}->{target}' must have the shape (source neurons, target neurons), "
                f"got {matrix.shape}"
            )
        stored = np.full(matrix.shape[0], matrix.shape[1], np.int64)
        return Connection(source, target, stored, np.count_nonzero(matrix, axis=1).astype(np.int64))

    @staticmethod
    def listed(
        source: str, target: str, size: int, neurons: Any, weights: Any = None
    ) -> Connection:
        """Synapses one by one; two between the same neurons count as two.

        Args:
            size: number of source neurons.
            neurons: (synapses,) index of the source neuron of each.
            weights: (synapses,) weight of each; None if none is zero.

        Raises:
            DataError: for an index out of range, or another number of weights.
        """
        index = plain(neurons).astype(np.int64).ravel()
        if index.size and not 0 <= index.min() <= index.max() < size:
            raise DataError(
                f"synapses of '{source}->{target}' must start at neurons 0 to {size - 1}, "
                f"got {index.min()} to {index.max()}"
            )
        stored = np.bincount(index, minlength=size).astype(np.int64)
        if weights is None:
            return Connection(source, target, stored, stored)
        values = plain(weights).ravel()
        if values.size != index.size:
            raise DataError(
                f"'{source}->{target}' must have one weight for each of its {index.size} synapses, "
                f"got {values.size}"
            )
        effective = np.bincount(index[values != 0], minlength=size).astype(np.int64)
        return Connection(source, target, stored, effective)


def plain(values: Any) -> NDArray[Any]:
    """A NumPy array of an array or a tensor, which may require a gradient and lie on a device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)

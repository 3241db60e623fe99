"""Stored synapses, as far as counting needs them: how many each neuron's spike reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError
from eqspike.counting.tensors import is_sparse_tensor, plain

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Connection:
    """Synapses from the neurons of one layer to those of another, or of the same.

    Attributes:
        source, target: names of the layers.
        stored: (source neurons,) synapses that a spike of each neuron is delivered through.
        effective: (source neurons,) those of them whose weight is not zero.
        target_size: number of target neurons, to be checked against the layer; None if it is not known.

    Raises:
        DataError: if `stored` and `effective` are not of the same neurons.
    """

    source: str
    target: str
    stored: Ints
    effective: Ints
    target_size: int | None = None

    def __post_init__(self) -> None:
        if np.shape(self.stored) != np.shape(self.effective) or np.ndim(self.stored) != 1:
            raise DataError(
                f"connection '{self.name}' must have as many stored as effective numbers, one for each source "
                f"neuron, got {np.shape(self.stored)} and {np.shape(self.effective)}"
            )
        for key in ("stored", "effective"):
            object.__setattr__(self, key, np.asarray(getattr(self, key), np.int64))

    @property
    def name(self) -> str:
        """Name in the counts, such as `hidden->output`."""
        return f"{self.source}->{self.target}"

    @staticmethod
    def dense(source: str, target: str, weights: Any) -> Connection:
        """All neurons to all: each entry of a matrix is a stored synapse, also a zero.

        Args:
            weights: array or tensor of shape (source neurons, target neurons); a sparse matrix of SciPy or PyTorch
                stores only its entries, one for each pair of neurons.

        Raises:
            DataError: for another number of dimensions, or a weight that is no number.
        """
        what = f"weights of '{source}->{target}'"
        shape = tuple(getattr(weights, "shape", ()))
        sparse = hasattr(weights, "tocoo") or is_sparse_tensor(weights)
        matrix = None if sparse else plain(weights, what)
        if (len(shape) if matrix is None else matrix.ndim) != 2:
            raise DataError(
                f"{what} must have the shape (source neurons, target neurons), "
                f"got {shape if matrix is None else matrix.shape}"
            )
        if matrix is None:
            neurons, values = _entries(weights)
            size, targets = (int(n) for n in shape)
            return Connection.listed(source, target, size, neurons, values, target_size=targets)
        _refuse_nan(matrix, what)
        stored = np.full(matrix.shape[0], matrix.shape[1], np.int64)
        effective = np.count_nonzero(matrix, axis=1).astype(np.int64)
        return Connection(source, target, stored, effective, matrix.shape[1])

    @staticmethod
    def listed(
        source: str, target: str, size: int, neurons: Any, weights: Any = None, *,
        target_size: int | None = None,
    ) -> Connection:  # fmt: skip
        """Synapses one by one; two between the same neurons count as two.

        Args:
            size: number of source neurons.
            neurons: (synapses,) index of the source neuron of each.
            weights: (synapses,) weight of each; None if none is zero.
            target_size: number of target neurons, if known.

        Raises:
            DataError: for an index that is no whole number or out of range, another number of weights, or a weight
                that is no number.
        """
        what = f"synapses of '{source}->{target}'"
        index = _indices(neurons, size, what)
        stored = np.bincount(index, minlength=size).astype(np.int64)
        if weights is None:
            return Connection(source, target, stored, stored, target_size)
        values = plain(weights, f"weights of '{source}->{target}'").ravel()
        if values.size != index.size:
            raise DataError(
                f"'{source}->{target}' must have one weight for each of its {index.size} synapses, "
                f"got {values.size}"
            )
        _refuse_nan(values, f"weights of '{source}->{target}'")
        effective = np.bincount(index[values != 0], minlength=size).astype(np.int64)
        return Connection(source, target, stored, effective, target_size)


def _entries(weights: Any) -> tuple[Any, Any]:
    """Source neuron and value of each stored entry of a sparse matrix."""
    if is_sparse_tensor(weights):
        entries = weights.detach().to_sparse_coo().coalesce()
        return entries.indices()[0], entries.values()
    entries = weights.tocoo(copy=True)
    # An entry given in parts is one synapse of their sum, by the definition of these matrices.
    entries.sum_duplicates()
    return entries.row, entries.data


def _indices(neurons: Any, size: int, what: str) -> Ints:
    given = plain(neurons, f"{what}: source neurons").ravel()
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 0:
        raise DataError(f"{what} must start at a whole number of neurons, got {size!r}")
    if given.dtype.kind == "b" or not (given == np.floor(given)).all():
        raise DataError(f"{what} must start at indices of neurons, got other numbers")
    index: Ints = given.astype(np.int64)
    if index.size and not 0 <= index.min() <= index.max() < size:
        raise DataError(
            f"{what} must start at neurons 0 to {size - 1}, got {index.min()} to {index.max()}"
        )
    return index


def _refuse_nan(values: NDArray[Any], what: str) -> None:
    if np.isnan(values).any():
        raise DataError(f"{what} must be numbers, got NaN")

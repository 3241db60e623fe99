"""NumPy arrays of what other packages hold: tensors of PyTorch on any device, sparse ones, lists of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import DataError


def plain(values: Any, what: str) -> NDArray[Any]:
    """A NumPy array of numbers.

    Args:
        values: array, nested list or tensor of any precision and layout, which may require a gradient and lie on a
            device; a sparse one becomes dense; of a list of tensors the list is the first axis.
        what: what it is, for the message.

    Raises:
        DataError: if no array of real numbers can be made of it.
    """
    if isinstance(values, np.ma.MaskedArray) and np.any(values.mask):
        raise DataError(f"{what} must be whole, got a masked array; fill what is masked")
    try:
        array = _array(values)
        if array.dtype.kind not in "biuf" and array.dtype.kind != "O":
            # bfloat16 and its like, which NumPy knows by registration only, have a kind of their own.
            array = array.astype(np.float32, casting="safe")
    except (TypeError, ValueError, RuntimeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{what} must be an array of numbers, got {type(values).__name__}, of which none can be made: {first}"
        ) from error
    if array.dtype.kind == "O":
        raise DataError(f"{what} must be an array of numbers, got {_named(values)}")
    return array


def is_sparse_tensor(values: Any) -> bool:
    """Whether it is a tensor of PyTorch that keeps only some of its entries."""
    return "sparse" in str(getattr(values, "layout", ""))


def _array(values: Any) -> NDArray[Any]:
    if isinstance(values, (list, tuple)) and any(hasattr(value, "detach") for value in values):
        return np.stack([_array(value) for value in values])
    if hasattr(values, "detach"):
        values = _whole_tensor(values)
    elif hasattr(values, "toarray"):
        values = values.toarray()
    return np.asarray(values)


def _whole_tensor(values: Any) -> Any:
    """A tensor that NumPy can take over: dense, on the processor, of a precision it has."""
    values = values.detach()
    if is_sparse_tensor(values):
        values = values.to_dense()
    if getattr(values, "is_quantized", False):
        values = values.dequantize()
    values = values.cpu()
    return values.float() if values.is_floating_point() and values.element_size() < 4 else values


def _named(values: Any) -> str:
    return "nothing" if values is None else f"{type(values).__name__} of objects"

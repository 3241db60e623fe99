"""Where the torch engine computes: device, number format and threads."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from eqspike.core.errors import UnsupportedError
from eqspike.core.threads import thread_count
from eqspike.nn.threads import torch_threads

DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}
"""What states, drives and their products are computed in, by a system's precision."""

STORED = {**DTYPES, "bfloat16": torch.float32}
"""What weights and biases are stored in: a change is far smaller than what bfloat16 tells apart of a weight."""

THREADED_PRODUCTS = 1 << 25
"""Multiplications of one matrix product from which a second thread gains more than its start costs."""


def read_device(*options: str) -> torch.device:
    """The device that the options after the engine's name ask for; a GPU where there is one, if none is given.

    Raises:
        UnsupportedError: for an unknown option, or a GPU that is not there.
    """
    wanted = options[0] if options else "cuda" if torch.cuda.is_available() else "cpu"
    if len(options) > 1 or wanted not in ("cpu", "cuda"):
        raise UnsupportedError(
            f"engine 'torch' takes one option, cpu or cuda, got 'torch:{':'.join(options)}'"
        )
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UnsupportedError(
            "engine 'torch:cuda' needs a GPU that PyTorch can use, and there is none; use 'torch:cpu'"
        )
    return torch.device(wanted)


def threads(products: int) -> AbstractContextManager[None]:
    """A context with as many threads as a matrix product of so many multiplications is worth.

    Sums depend in their last digits on how many threads share a large product, and on nothing for a small one.
    """
    return torch_threads(thread_count() if products >= THREADED_PRODUCTS else 1)

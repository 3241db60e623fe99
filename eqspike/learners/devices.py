"""The device that a learner computes on."""

from __future__ import annotations

import torch

from eqspike.core.errors import UnsupportedError


def read_device(name: str) -> torch.device:
    """The device of that name: `cpu`, `cuda` or `cuda:NUMBER`.

    Raises:
        UnsupportedError: if torch does not know it, or this machine does not have it.
    """
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdigit()):
        raise UnsupportedError(f"the device must be cpu, cuda or cuda:NUMBER, got '{name}'")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise UnsupportedError(
            f"device '{name}' is not there: torch sees {torch.cuda.device_count()} CUDA devices; use cpu"
        )
    return torch.device(name)

"""How much memory a system needs at the very least, and what this machine has: known before anything is allocated.

Every engine holds each weight four times while it learns (stored, working copy, change, checkpoint), and each
neuron's potential, current, trace and bias, in 8 bytes each. Engines need more than
that; one that does not get it ends with status 2, too, but only then.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from eqspike.core.errors import UnsupportedError

COPIES, BYTES = 4, 8
"""Of each weight, and of each number."""

_CGROUPS = ("memory.max", "memory/memory.limit_in_bytes")
_ROOT = Path("/sys/fs/cgroup")


def check_memory(weights: Mapping[str, int], neurons: int = 0) -> None:
    """Refuse a system whose weights and neurons do not fit.

    Args:
        weights: numbers of weights by name; neurons: how many have a state.

    Raises:
        UnsupportedError: with what it needs and what there is.
    """
    need = BYTES * (COPIES * sum(weights.values()) + COPIES * neurons)
    has = memory()
    if need > has:
        largest = max(weights, key=lambda name: weights[name], default="")
        raise UnsupportedError(
            f"this system needs at least {_gigabytes(need)} of memory ({sum(weights.values()):,} weights, most of "
            f"them of '{largest}'), but this machine has {_gigabytes(has)}; choose smaller layers"
        )


def memory() -> int:
    """Bytes that this process may use: what the machine has, or less where a limit is set."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in _CGROUPS:
        with suppress(OSError, ValueError):  # no such limit, or the text `max`
            limits.append(int((_ROOT / name).read_text()))
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    return min(limits if allowed == resource.RLIM_INFINITY else [*limits, allowed])


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"

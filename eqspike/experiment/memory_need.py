"""How much memory a system needs at the very least, and what this machine has: known before anything is allocated.

Every engine holds each weight four times while it learns (stored, working copy, change, checkpoint), and each
neuron's potential, current, trace and bias, in 8 bytes each. On top come the records of a batch, which are what
is left of its samples for the rule: see `Records`. Engines need more than that; one that does not get it ends
with status 2, too, but only then.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eqspike.core.errors import UnsupportedError

COPIES, BYTES = 4, 8
"""Of each weight, and of each number."""

_CGROUPS = ("memory.max", "memory/memory.limit_in_bytes")
_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Records:
    """What an engine keeps of the samples of a batch at the same time, at least.

    Attributes:
        samples: presented together; neurons: with a state.
        steps: whose records are kept: those of the nudged phase where spikes are summed at its end, 1 for states
            that are overwritten.
        bytes: of each record.
    """

    samples: int = 1
    neurons: int = 0
    steps: int = 1
    bytes: int = BYTES

    @property
    def size(self) -> int:
        """In bytes."""
        return self.samples * self.neurons * self.steps * self.bytes


def check_memory(
    weights: Mapping[str, int], neurons: int = 0, records: Records | None = None,
    bytes_of_weight: int = COPIES * BYTES,
) -> None:  # fmt: skip
    """Refuse a system whose weights, neurons and batches do not fit.

    Args:
        weights: numbers of weights by name; neurons: how many have a state; records: of a batch.
        bytes_of_weight: with all copies of it.

    Raises:
        UnsupportedError: with what it needs and what there is.
    """
    batch = 0 if records is None else records.size
    need = bytes_of_weight * sum(weights.values()) + BYTES * COPIES * neurons + batch
    has = memory()
    if need <= has:
        return
    if records is not None and batch > need / 2:
        raise UnsupportedError(
            f"this system needs at least {_gigabytes(need)} of memory ({_gigabytes(batch)} for a batch of "
            f"{records.samples:,} samples of {records.neurons:,} neurons), but this machine has "
            f"{_gigabytes(has)}; choose a smaller training.batch_size or smaller layers"
        )
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

"""Of several processes that end, one says why: the first that asks the store of torchrun."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from functools import cache

from eqspike.learners.launch import launched

_PATIENCE = timedelta(seconds=5)


@cache
def says_first() -> bool:
    """Whether this process is the first to say why the training ends; true of one alone, or without torchrun."""
    if launched().size == 1:
        return True
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        # PyTorch prints a page of its own about a store that does not answer.
        socket.create_connection((host, port), _PATIENCE.total_seconds()).close()
        store = TCPStore(host, port, is_master=False, timeout=_PATIENCE, wait_for_workers=False)
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        return bool(store.add(f"eqspike/{attempt}/last-word", 1) == 1)
    except (OSError, RuntimeError):
        return True

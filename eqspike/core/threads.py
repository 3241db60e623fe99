"""How many threads compute."""

from __future__ import annotations

import os

from eqspike.core.errors import ConfigError

VARIABLES = ("EQSPIKE_THREADS", "OMP_NUM_THREADS")
"""Environment variables that say how many, the first one that is set."""

_MOST = 1024


def thread_count() -> int:
    """Number of threads of every engine and learner: `EQSPIKE_THREADS`, else `OMP_NUM_THREADS`, else the cores.

    The cores are those that this process may use.

    Raises:
        ConfigError: if `EQSPIKE_THREADS` is not a whole number from 1 to 1024.
    """
    for variable in VARIABLES:
        text = os.environ.get(variable, "")
        if text.isdecimal() and 1 <= int(text) <= _MOST:
            return int(text)
        if variable == VARIABLES[0] and variable in os.environ:
            raise ConfigError(
                f"environment: {variable} must be a whole number from 1 to {_MOST}, got '{text}'"
            )
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

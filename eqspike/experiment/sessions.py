"""All engines by the name used on the command line; an engine's package is imported when it is opened."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from eqspike.core.errors import UnsupportedError
from eqspike.engines.protocol import Session, System


def _fast(system: System, seed: int) -> Session:
    from eqspike.engines.fast import FastSession

    return FastSession(system, seed)


def _brian2(system: System, seed: int) -> Session:
    from eqspike.engines.brian2 import Brian2Session

    return Brian2Session(system, seed)


def _fast_int(system: System, seed: int) -> Session:
    from eqspike.engines.fast_int import FastIntSession

    return FastIntSession(system, seed)


ENGINES: dict[str, Callable[[System, int], Session]] = {
    "fast": _fast,
    "fast-int": _fast_int,
    "brian2": _brian2,
}


def open_session(system: System, seed: int = 0, engine: str = "fast") -> Session:
    """Open a system in an engine, with initial weights drawn from `seed`.

    Returns:
        A session; use it as a context manager.

    Raises:
        UnsupportedError: for an unknown engine, or a combination the engine refuses.
    """
    if engine not in ENGINES:
        close = difflib.get_close_matches(engine, ENGINES, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise UnsupportedError(f"engine must be one of {', '.join(ENGINES)}, got '{engine}'{hint}")
    return ENGINES[engine](system, seed)

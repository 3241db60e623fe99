"""All engines by the name used on the command line; an engine's package is imported when it is opened.

A name may be followed by the engine's own options, split at colons: `brian2:cpp_standalone:2`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from eqspike.core.errors import UnsupportedError
from eqspike.engines.protocol import Session, System


def _fast(system: System, seed: int, *options: str) -> Session:
    from eqspike.engines.fast import FastSession

    _refuse_options("fast", options)
    return FastSession(system, seed)


def _brian2(system: System, seed: int, *options: str) -> Session:
    from eqspike.engines.brian2 import Brian2Session, read_target

    return Brian2Session(system, seed, read_target(*options))


def _fast_int(system: System, seed: int, *options: str) -> Session:
    from eqspike.engines.fast_int import FastIntSession

    _refuse_options("fast-int", options)
    return FastIntSession(system, seed)


def _lava(system: System, seed: int, *options: str) -> Session:
    from eqspike.engines.lava import open_lava

    return open_lava(system, seed, *options)


ENGINES: dict[str, Callable[..., Session]] = {
    "fast": _fast,
    "fast-int": _fast_int,
    "brian2": _brian2,
    "lava": _lava,
}
"""Given a system, a seed and the options that follow the engine's name, if any."""


def open_session(system: System, seed: int = 0, engine: str = "fast") -> Session:
    """Open a system in an engine, with initial weights drawn from `seed`.

    Args:
        system: what to simulate; seed: of the initial weights.
        engine: name in `ENGINES`, with options of that engine after colons.

    Returns:
        A session; use it as a context manager.

    Raises:
        UnsupportedError: for an unknown engine or option, or a combination the engine refuses.
        MissingPackageError: if the engine needs what is not installed.
    """
    name, *options = engine.split(":")
    if name not in ENGINES:
        close = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f"; did you mean '{':'.join([close[0], *options])}'?" if close else ""
        raise UnsupportedError(f"engine must be one of {', '.join(ENGINES)}, got '{engine}'{hint}")
    return ENGINES[name](system, seed, *options)


def _refuse_options(engine: str, options: tuple[str, ...]) -> None:
    if options:
        raise UnsupportedError(
            f"engine '{engine}' takes no options, got '{engine}:{':'.join(options)}'; write '{engine}'"
        )

"""All engines by the name used on the command line; an engine's package is imported when it is opened.

A name may be followed by the engine's own options, split at colons: `brian2:cpp_standalone:2`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Session
from eqspike.engines.offers import refuse_unlike
from eqspike.systems import AnySystem, RateSystem


def _fast(system: AnySystem, seed: int, *options: str) -> Session:
    _refuse_options("fast", options)
    if isinstance(system, RateSystem):
        from eqspike.engines.fast.rates import FastRateSession

        return FastRateSession(system, seed)
    from eqspike.engines.fast import FastSession

    return FastSession(system, seed)


def _brian2(system: AnySystem, seed: int, *options: str) -> Session:
    from eqspike.engines.brian2 import Brian2RateSession, Brian2Session, read_target

    target = read_target(*options)
    if isinstance(system, RateSystem):
        return Brian2RateSession(system, seed, target)
    return Brian2Session(system, seed, target)


def _fast_int(system: AnySystem, seed: int, *options: str) -> Session:
    from eqspike.engines.fast.graded import open_graded
    from eqspike.engines.fast.loihi import FastIntSession

    if isinstance(system, RateSystem):
        return open_graded(system, seed, *options)

    if options not in ((), ("lava",)):
        raise UnsupportedError(
            f"engine 'fast-int:{':'.join(options)}' is unknown; use fast-int, or fast-int:lava to learn with "
            "the random numbers of Lava"
        )
    return FastIntSession(system, seed, as_lava=bool(options))


def _lava(system: AnySystem, seed: int, *options: str) -> Session:
    from eqspike.engines.lava import open_lava, open_lava_rates

    if isinstance(system, RateSystem):
        return open_lava_rates(system, seed, *options)

    return open_lava(system, seed, *options)


def _torch(system: RateSystem, seed: int, *options: str) -> Session:
    from eqspike.engines.torch import open_torch

    return open_torch(system, seed, *options)


def _reference(system: AnySystem, seed: int, *options: str) -> Session:
    from eqspike.engines.reference import ReferenceRateSession, ReferenceSession

    _refuse_options("reference", options)
    if isinstance(system, RateSystem):
        return ReferenceRateSession(system, seed)
    return ReferenceSession(system, seed)


ENGINES: dict[str, Callable[..., Session]] = {
    "fast": _fast,
    "fast-int": _fast_int,
    "brian2": _brian2,
    "lava": _lava,
    "torch": _torch,
    "reference": _reference,
}
"""Given a system, a seed and the options that follow the engine's name, if any."""


def open_session(system: AnySystem, seed: int = 0, engine: str = "fast") -> Session:
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
    check_engine(system, engine)
    name, *options = engine.split(":")
    return ENGINES[name](system, seed, *options)


def check_engine(system: AnySystem, engine: str) -> None:
    """Refuse an engine that does not exist, or a system that it does not run.

    Raises:
        UnsupportedError: naming the engines that do; see `systems.requirements.require`.
    """
    name, *options = engine.split(":")
    if name not in ENGINES:
        close = difflib.get_close_matches(name, ENGINES, n=1)
        hint = f"; did you mean '{':'.join([close[0], *options])}'?" if close else ""
        raise UnsupportedError(f"engine must be one of {', '.join(ENGINES)}, got '{engine}'{hint}")
    refuse_unlike(system, engine)


def _refuse_options(engine: str, options: tuple[str, ...]) -> None:
    if options:
        raise UnsupportedError(
            f"engine '{engine}' takes no options, got '{engine}:{':'.join(options)}'; write '{engine}'"
        )

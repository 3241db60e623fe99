"""All engines by the name used on the command line; an engine's package is imported when it is opened.

A name may be followed by the engine's own options, split at colons: `brian2:cpp_standalone:2`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Session
from eqspike.core.origin import guarded
from eqspike.core.registry import BUILT_IN, RATES, SIGNALS, SPIKES, Registry
from eqspike.core.threads import thread_count
from eqspike.engines.offers import FAST_BITS, OFFERS, refuse_unlike, runs
from eqspike.experiment.memory_need import Records, check_memory
from eqspike.systems import AnySystem, RateSystem
from eqspike.systems.requirements import Offer, require
from eqspike.systems.weights import expected_shapes, rate_shapes


def _fast(system: AnySystem, seed: int, *options: str) -> Session:
    _refuse_options("fast", options)
    if isinstance(system, RateSystem):
        if runs(system, FAST_BITS):
            from eqspike.engines.fast.bits import BitSession

            return BitSession(system, seed)
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


_CONTEXT = ("__enter__", "__exit__")
_MEMBERS = tuple(name for name in vars(Session) if name in _CONTEXT or name[0] != "_")
"""What the protocol of sessions asks for."""


@dataclass(frozen=True)
class Engine:
    """Something that runs systems.

    Attributes:
        open: given a system, a seed and the options that follow the engine's name, if any, gives a session.
        signals: what the neurons that it runs send, of `core.registry.SIGNALS`.
        about: one line for lists.
        offers: what it runs; an added engine without any must refuse by itself. Those of the engines in
            `engines.offers` are there, for their sessions read them too.
    """

    open: Callable[..., Session]
    signals: tuple[str, ...] = SIGNALS
    about: str = ""
    offers: tuple[Offer, ...] = ()


def _lacks_of_engine(engine: object) -> str:
    if not isinstance(engine, Engine):
        return "an `eqspike.experiment.Engine`"
    known = set(engine.signals) <= set(SIGNALS) and engine.signals
    return "" if known else f"signals, of {', '.join(SIGNALS)}"


ENGINES: Registry[Engine] = Registry(
    "engine",
    "eqspike.engines",
    {
        "fast": Engine(_fast, about="compiled event-driven simulation on all cores (Numba)"),
        "fast-int": Engine(
            _fast_int,
            about="the same in Loihi's integers, for current-based neurons; "
            "also fast-int:lava, which learns with Lava's random numbers",
        ),
        "brian2": Engine(
            _brian2,
            about="reference simulation from equations with units (Brian2, float64); "
            "also brian2:cython, brian2:cpp_standalone[:THREADS], brian2:auto",
        ),
        "lava": Engine(
            _lava,
            about="Loihi as Lava simulates it: stock processes, or one process for all (Lava); "
            "also lava:stock, lava:fused, lava:fused:floating_pt",
        ),
        "torch": Engine(
            _torch,
            (RATES,),
            "rate-based networks, on the CPU or a GPU (PyTorch); also torch:cpu, torch:cuda",
        ),
        "reference": Engine(
            _reference,
            about="event by event in NumPy: any neuron, rule and memory, slowly; the definition of the others",
        ),
    },
    _lacks_of_engine,
    error=UnsupportedError,
)


def numbers_of_weights(system: AnySystem) -> dict[str, int]:
    """Numbers of weights and biases of a network, by name."""
    shapes = rate_shapes(system) if isinstance(system, RateSystem) else expected_shapes(system)
    return {name: math.prod(shape) for name, shape in shapes.items()}


def records_of(system: AnySystem, engine: str, batch_size: int) -> Records:
    """What a batch of training leaves in memory at the same time, at least.

    Engines `fast` and `fast-int` record the spikes and both sides' traces of the nudged phase, a sample for each
    thread; rate-based ones hold states, previous states, drives and their constant part of every sample.
    """
    neurons = sum(layer.size for layer in system.network.free_layers)
    if isinstance(system, RateSystem):
        return Records(batch_size, neurons, 4, 8 if system.precision == "float64" else 4)
    if engine.split(":")[0] in ("fast", "fast-int"):
        nudged = sum(phase.steps for phase in system.rule.phases[1:])
        return Records(min(batch_size, thread_count()), neurons, 3 * nudged, 4)
    return Records(batch_size, neurons)


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
    check_memory(numbers_of_weights(system), sum(layer.size for layer in system.network.layers))
    name, *options = engine.split(":")
    part = ENGINES.named(name)
    with guarded(part.origin, f"engine '{engine}' cannot be opened"):
        session: Session = part.value.open(system, seed, *options)
    lacks = [name for name in _MEMBERS if not hasattr(session, name)]
    if lacks:
        raise ConfigError(
            f"{part.origin or 'eqspike'}: what engine '{engine}' opens must have {', '.join(_MEMBERS)}; "
            f"{type(session).__name__} lacks {', '.join(lacks)}"
        )
    return session


def check_engine(system: AnySystem, engine: str) -> None:
    """Refuse an engine that does not exist, or a system that it does not run.

    Raises:
        UnsupportedError: naming the engines that do; see `systems.requirements.require`.
    """
    name = engine.split(":")[0]
    part = ENGINES.named(name)
    offers = part.value.offers
    if part.origin is None and not offers:
        refuse_unlike(system, engine)
        return
    signal = RATES if isinstance(system, RateSystem) else SPIKES
    if signal not in part.value.signals:
        neurons = "rate" if signal == RATES else "spiking"
        raise UnsupportedError(
            f"engine '{name}' ({part.origin or BUILT_IN}) does not run {neurons} neurons; choose another"
        )
    if offers:
        require(system, engine, {**OFFERS, name: offers})


def _refuse_options(engine: str, options: tuple[str, ...]) -> None:
    if options:
        raise UnsupportedError(
            f"engine '{engine}' takes no options, got '{engine}:{':'.join(options)}'; write '{engine}'"
        )

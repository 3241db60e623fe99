"""Which form a system takes in Lava: stock processes where they can express it, else one fused process."""

from __future__ import annotations

import sys

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Session
from eqspike.engines.integers.graded import read_bits
from eqspike.engines.integers.graded_session import GradedSession
from eqspike.engines.integers.loihi import refuse_unlike_loihi
from eqspike.engines.lava.fused import FusedSession
from eqspike.engines.lava.presenter import FIXED, FLOATING
from eqspike.engines.lava.rates.presenter import LavaPresenter
from eqspike.engines.lava.rates.session import FloatRateSession
from eqspike.engines.lava.session import LavaSession
from eqspike.systems import RateSystem, System

OPTIONS = ("", "stock", "fused", f"fused:{FIXED}", f"fused:{FLOATING}")


def open_lava(system: System, seed: int = 0, *options: str) -> Session:
    """Open a system in Lava.

    Args:
        system: what to simulate; seed: of the initial weights.
        options: none for the choice above; `stock`; `fused`, in integers where Loihi has the neuron, else in
            float64; `fused` with `fixed_pt` or `floating_pt`.

    Raises:
        UnsupportedError: for an unknown option, or a system that the form asked for cannot express.
        MissingPackageError: if Lava is not installed.
    """
    wanted = ":".join(options)
    if wanted not in OPTIONS:
        known = ", ".join(":".join(("lava", option)) for option in OPTIONS if option)
        raise UnsupportedError(f"engine 'lava:{wanted}' is unknown; use lava, {known}")
    reason = _unlike_loihi(system)
    if wanted == "stock" or (not wanted and reason is None):
        return LavaSession(system, seed)
    if not wanted:
        print(f"eqspike: lava: fused process in float64, for {reason}", file=sys.stderr)
    arithmetic = options[1] if len(options) > 1 else FLOATING if reason else FIXED
    return FusedSession(system, seed, arithmetic)


def open_lava_rates(system: RateSystem, seed: int = 0, *options: str) -> Session:
    """Open a network of rates that send changes in Lava.

    Args:
        system: what to simulate; seed: of the initial weights.
        options: for integers `dense` or `sparse` connections, by default dense, and the bits of a state; for
            float64 `floating_pt`.

    Raises:
        UnsupportedError: for an unknown option, or a system that graded neurons do not carry.
        MissingPackageError: if Lava is not installed.
    """
    if options == (FLOATING,):
        return FloatRateSession(system, seed)
    rest = options[1:] if options[:1] in (("dense",), ("sparse",)) else options
    sparse = options[:1] == ("sparse",)
    return GradedSession(
        system, seed, "lava", read_bits("lava", rest), lambda: LavaPresenter(sparse)
    )


def _unlike_loihi(system: System) -> str | None:
    """Why stock processes cannot express the system, or None if they can."""
    try:
        refuse_unlike_loihi(system)
    except UnsupportedError as error:
        return str(error).split(";")[0]
    return None

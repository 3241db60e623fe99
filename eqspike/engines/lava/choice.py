"""Which form a system takes in Lava: stock processes where they can express it, else one fused process."""

from __future__ import annotations

import sys

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Session
from eqspike.engines.integers.graded import read_bits
from eqspike.engines.integers.graded_session import GradedSession
from eqspike.engines.lava.fused import FusedSession
from eqspike.engines.lava.presenter import FIXED, FLOATING
from eqspike.engines.lava.rates.presenter import LavaPresenter
from eqspike.engines.lava.rates.session import FloatRateSession
from eqspike.engines.lava.session import LavaSession
from eqspike.engines.offers import OFFERS
from eqspike.systems import RateSystem, System
from eqspike.systems.requirements import unmet

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
    lacks = unmet(system, OFFERS["lava:stock"])
    if wanted == "stock" or (not wanted and not lacks):
        return LavaSession(system, seed)
    if not wanted and lacks:
        told = f"fused process in float64, for stock processes do not run {lacks[0].split(':')[0]}"
        print(f"eqspike: lava: {told}", file=sys.stderr)
    arithmetic = options[1] if len(options) > 1 else FLOATING if lacks else FIXED
    return FusedSession(system, seed, arithmetic)


def open_lava_rates(system: RateSystem, seed: int = 0, *options: str) -> Session:
    """Open a rate-based network that sends changes in Lava.

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

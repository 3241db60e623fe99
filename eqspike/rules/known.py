"""Rules that more is known of than their phases and reading; whoever needs that refuses all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eqspike.core.errors import UnsupportedError
from eqspike.rules.asymmetric import AsymmetricEquilibrium
from eqspike.rules.continual import ContinualEquilibrium, ContinualVectorField
from eqspike.rules.eqspike import EqSpike
from eqspike.rules.equilibrium import Equilibrium
from eqspike.rules.nudging import Nudging
from eqspike.rules.protocol import RateRule


def nudging_of(rule: RateRule) -> Nudging:
    """How a rule of the package nudges a rate-based network: once, or once with each sign.

    Raises:
        UnsupportedError: for a rule of another class, whose phases may be any.
    """
    if type(rule) in (
        Equilibrium, ContinualEquilibrium, ContinualVectorField, AsymmetricEquilibrium,
    ):  # fmt: skip
        known: Nudging = vars(rule)["nudging"]
        return known
    raise UnsupportedError(
        f"this needs a rule that nudges once, or once with each sign, got rule.kind {rule.kind} "
        f"(class {type(rule).__qualname__}); use rule.kind ep, c-ep, c-vf or a-ep"
    )


def with_nudging(rule: RateRule, nudging: Nudging) -> RateRule:
    """The same rule of the package with another nudge.

    Raises:
        UnsupportedError: as `nudging_of`.
    """
    nudging_of(rule)
    known: Any = rule
    changed: RateRule = replace(known, nudging=nudging)
    return changed


def require_eqspike(rule: object) -> None:
    """Refuse a spiking rule of another class, for what rests on the keys of EqSpike.

    Raises:
        UnsupportedError: naming the class.
    """
    if type(rule) is not EqSpike:
        raise UnsupportedError(
            "this needs one free and one nudged phase with the traces of EqSpike, got a rule of class "
            f"{type(rule).__qualname__}; use rule.kind eqspike"
        )

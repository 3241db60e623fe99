"""What a rule reads off the phases: the five forms that engines know.

Legend: s states (or what neurons have sent), beta nudging strength, S spike, t step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqspike.core.errors import ConfigError
from eqspike.core.local_rule import LocalRule
from eqspike.core.phases import Phase


@dataclass(frozen=True)
class EndContrast:
    """States at the ends of two phases, written once for each batch.

        dW = mean of (s_post s_pre at the end of `first` - s_post s_pre at the end of `second`) / (beta width)

    The width is the difference of both nudges: 1 for a nudged phase and a free one, 2 for two of opposite signs.

    Attributes:
        first, second: names of the phases.
    """

    first: str
    second: str


@dataclass(frozen=True)
class EndField:
    """The change of the receiving state between the ends of two phases times the free sending one, once a batch.

        dW(pre to post) = mean of (s_post at the end of `first` - s_post at the end of `second`) s_pre
                          / (beta width)

    Senders' states are those at the end of the free phase.

    Attributes:
        first, second: names of the phases.
    """

    first: str
    second: str


@dataclass(frozen=True)
class StepContrast:
    """The change of the product of both states, in every step of phases that learn.

    dW = mean of (s_post(t+1) s_pre(t+1) - s_post(t) s_pre(t)) / beta
    """


@dataclass(frozen=True)
class StepField:
    """The change of the receiving state times the sending one, in every step of phases that learn.

    dW(pre to post) = mean of (s_post(t+1) - s_post(t)) s_pre(t) / beta
    """


@dataclass(frozen=True)
class Products:
    """Products of spikes and traces, in every step of phases that learn.

        dW = mean of the sum over steps of (local rule) / beta, beta with the sign of the phase

    Attributes:
        rule: the products.
    """

    rule: LocalRule


Ends = EndContrast | EndField
"""Readings of the ends of two phases."""


def width(reading: Ends, phases: Sequence[Phase]) -> int:
    """Difference of the nudges of both phases, in units of the (drawn) beta.

    Raises:
        ConfigError: for a name that no phase has, or two phases of equal nudges.
    """
    sign = {phase.name: phase.sign for phase in phases}
    first, second = reading.first, reading.second
    if missing := {first, second} - set(sign):
        raise ConfigError(f"a contrast needs phases of the rule, got {sorted(missing)}")
    drawn = {phase.name for phase in phases if isinstance(phase.nudge, str)}
    if drawn & {first, second} and sign[first] and sign[second]:
        raise ConfigError(
            f"a contrast of a phase whose sign is drawn needs a free one, got '{first}' and '{second}'"
        )
    if sign[first] == sign[second]:
        raise ConfigError(
            f"a contrast needs phases of different nudges, got '{first}' and '{second}'"
        )
    return sign[first] - sign[second]


def writes_steps(reading: object) -> bool:
    """Whether weights change after every step of phases that learn."""
    return isinstance(reading, (StepContrast, StepField))


def of_receiver(reading: object) -> bool:
    """Whether each direction changes by what its receiver moved: forward and backward weights differ."""
    return isinstance(reading, (StepField, EndField))


Reading = EndContrast | EndField | StepContrast | StepField | Products

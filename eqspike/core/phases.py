"""What the teacher does, and for how long: the phases of a sample's presentation, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError
from eqspike.core.random_stream import draws

Nudge = Literal[0, 1, -1, "drawn", "alternating", "clamp"]
Start = Literal["rest", "on", "free end"]

_SIGN_POSITION = np.uint64(1 << 63)


@dataclass(frozen=True)
class Phase:
    """One stretch of time of a sample's presentation.

    Attributes:
        name: `free`, `nudged`, ... unique within a rule.
        steps: duration in time steps, at least 1.
        nudge: how the outputs are nudged towards the target: sign of the rule's beta, 0 without a nudge; `drawn`:
            a sign drawn for each sample; `alternating`: plus and minus in turn over the samples of a batch;
            `clamp`: they are held at the target.
        start: from `rest`; from where the phase before has ended (`on`); from the end of the first phase.
        learns: whether the rule is evaluated in each step.
    """

    name: str
    steps: int
    nudge: Nudge = 0
    start: Start = "on"
    learns: bool = False

    @property
    def kind(self) -> str:
        """Name under which its events are counted: `free` or `nudged`."""
        return "nudged" if self.nudge else "free"

    @property
    def sign(self) -> int:
        """Sign of the nudge, that of each sample's own beta being plus."""
        return 1 if isinstance(self.nudge, str) else self.nudge


def check_phases(phases: Sequence[Phase]) -> None:
    """Refuse phases that do not begin with a free one, which is read out, or that cannot be told apart.

    Raises:
        ConfigError: saying which, and what was expected.
    """
    if not phases or (phases[0].nudge, phases[0].start, phases[0].learns) != (0, "rest", False):
        raise ConfigError(
            f"a rule's first phase must be free, start from rest and not learn, got {phases[:1]}"
        )
    for phase in phases:
        if phase.steps < 1:
            raise ConfigError(f"phase '{phase.name}' must have at least 1 step, got {phase.steps}")
        if phase.learns and phase.nudge in (0, "clamp"):
            raise ConfigError(
                f"phase '{phase.name}' learns, so it must be nudged with a sign, got nudge {phase.nudge}"
            )
    if len({phase.name for phase in phases}) != len(phases):
        raise ConfigError(
            f"phases must have names of their own, got {[phase.name for phase in phases]}"
        )


def nudge_signs(nudge: Nudge, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Sign of beta in each presentation of a batch, (samples,): -1, 0 (no nudge) or 1."""
    if nudge == "drawn":
        bits = draws(0, keys ^ _SIGN_POSITION) & np.uint64(1)
        return np.where(bits == 1, -1, 1)
    if nudge == "alternating":
        return 1 - 2 * (np.arange(len(keys)) % 2)
    return np.full(len(keys), 0 if nudge == "clamp" else nudge, np.int64)


def by_step(phases: Sequence[Phase], values: Sequence[Any]) -> NDArray[Any]:
    """One value of each phase, in each of its steps: (steps of all phases,)."""
    return np.repeat(np.asarray(values), [phase.steps for phase in phases])


def total_steps(phases: Sequence[Phase]) -> int:
    """Steps of a presentation through all phases."""
    return sum(phase.steps for phase in phases)

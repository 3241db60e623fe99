"""What engines see of a rule: phases, one reading of them, and the strength of the nudge."""

from __future__ import annotations

from typing import Protocol

from eqspike.core.phases import Phase
from eqspike.rules.readings import Ends, Products, Reading, StepContrast, StepField


class Rule(Protocol):
    """A rule of any network. Engines read nothing else of it."""

    @property
    def kind(self) -> str:
        """Name in a model's `rule` section."""
        ...

    @property
    def beta(self) -> float:
        """Nudging strength, above 0; signs are the phases'."""
        ...

    @property
    def phases(self) -> tuple[Phase, ...]:
        """In the order of time; the first is free and is read out."""
        ...

    @property
    def reading(self) -> Reading:
        """What is read off the phases."""
        ...


class SpikingRule(Rule, Protocol):
    """A rule of a network that spikes."""

    @property
    def reading(self) -> Products:
        """Products of spikes and traces."""
        ...

    @property
    def readout_steps(self) -> int:
        """Last steps of the first phase over which output spikes are counted."""
        ...

    @property
    def target_rate(self) -> float:
        """Rate asked of the right output, in spikes per step."""
        ...

    @property
    def online(self) -> bool:
        """Whether each event changes its weights at once."""
        ...


class RateRule(Rule, Protocol):
    """A rule of a rate-based network."""

    @property
    def reading(self) -> Ends | StepContrast | StepField:
        """Products of states, at the ends of phases or step by step."""
        ...

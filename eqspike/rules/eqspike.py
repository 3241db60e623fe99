"""EqSpike: spiking Equilibrium Propagation (Martin, Ernoult, Laydevant, Li, Querlioz, Petrisor and Grollier,
iScience 24(3):102222, 2021).

The paper gives the principle, dW_ij/dt ~ S_j drho_i/dt + S_i drho_j/dt in the nudged phase; its time
constants and rates are not public. The filters, phase lengths and neuron used here are our reconstruction.

Legend: S spike train, rho firing rate, beta nudging strength, y target, r estimate of an output's rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.local_rule import LocalRule, derivative_rule
from eqspike.core.phases import Nudge, Phase
from eqspike.core.registry import SPIKES
from eqspike.rules.readings import Products


@dataclass(frozen=True)
class EqSpike:
    """Phases and local rule of EqSpike.

    In the nudged phase each output neuron receives beta (y - r) inside its nonlinearity, r being its fast trace,
    and every synapse follows the local rule divided by beta; a bias learns as a synapse whose presynaptic neuron
    spikes in every step: db_j = sum_t drho_j/dt / beta, in floating point whatever the memory.
    With `online`, each event changes its weight at once,
    as on a chip; otherwise changes are summed and written once per batch.

    Attributes:
        free_steps, nudged_steps: length of the phases in time steps.
        readout_steps: last steps of the free phase over which output spikes are counted.
        beta: nudging strength, above 0; `random_sign` draws its sign per sample, which removes the first-order
            bias of one-sided nudging on average; `alternating` exchanges it from sample to sample of a batch,
            beginning with plus.
        tau_fast, tau_slow: time constants of the two traces in time steps.
        target_rate: rate asked of the right output, in spikes per step; the others are asked 0.
        online: whether weights change during the nudged phase.
    """

    free_steps: int
    nudged_steps: int
    readout_steps: int
    beta: float
    random_sign: bool
    tau_fast: float
    tau_slow: float
    target_rate: float
    online: bool
    alternating: bool = False
    kind: ClassVar[str] = "eqspike"
    signal: ClassVar[str] = SPIKES

    @property
    def beta_sign(self) -> str:
        """`random`, `alternating` or `positive`, as in a model's YAML."""
        return "random" if self.random_sign else "alternating" if self.alternating else "positive"

    @property
    def both_signs(self) -> bool:
        """Whether beta is negative in some samples."""
        return self.random_sign or self.alternating

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Free relaxation, then nudging with learning."""
        nudge: Nudge = "drawn" if self.random_sign else "alternating" if self.alternating else 1
        return (
            Phase("free", self.free_steps, start="rest"),
            Phase("nudged", self.nudged_steps, nudge, learns=True),
        )

    @property
    def local_rule(self) -> LocalRule:
        """The one rule every engine prints from."""
        return derivative_rule(self.tau_fast, self.tau_slow)

    @property
    def reading(self) -> Products:
        """Spikes of one side times traces of the other."""
        return Products(self.local_rule)

    @staticmethod
    def read(section: Section) -> EqSpike:
        """Read a model's `rule` section.

        Raises:
            ConfigError: for an unknown key, a value out of range or time constants in the wrong order.
        """
        section.explain(
            free_steps="length of the free phase in time steps",
            nudged_steps="length of the nudged phase in time steps",
            beta="nudging strength",
            beta_sign="sign of the nudge: drawn per sample, always plus, or alternating within a batch",
            tau_fast="time constant of the fast trace in time steps",
            tau_slow="time constant of the slow trace in time steps",
            update="whether weights change once per batch, or at every event",
        )
        free_steps = section.integer("free_steps", low=1, high=100_000)
        sign = section.choice("beta_sign", ("random", "positive", "alternating"), "random")
        rule = EqSpike(
            free_steps=free_steps,
            nudged_steps=section.integer("nudged_steps", low=1, high=100_000),
            readout_steps=section.integer("readout_steps", free_steps, low=1, high=free_steps),
            beta=section.number("beta", above=0, high=10),
            random_sign=sign == "random",
            alternating=sign == "alternating",
            tau_fast=section.number("tau_fast", 10.0, low=1, high=10_000),
            tau_slow=section.number("tau_slow", 30.0, low=1, high=10_000),
            target_rate=section.number("target_rate", 1.0, above=0, high=1),
            online=section.choice("update", ("batch", "online"), "batch") == "online",
        )
        section.close()
        if rule.tau_fast >= rule.tau_slow:
            raise ConfigError(
                f"{section.where('tau_slow')} must be greater than tau_fast, "
                f"got tau_fast {rule.tau_fast:g} and tau_slow {rule.tau_slow:g}"
            )
        return rule

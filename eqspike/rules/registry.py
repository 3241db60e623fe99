"""All rules by the name used in a model's `rule` section."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.core.rates import Dynamics, Feedback
from eqspike.core.registry import RATES, SPIKES, Registry, lacks_signal
from eqspike.rules.asymmetric import AsymmetricEquilibrium
from eqspike.rules.continual import ContinualEquilibrium, ContinualVectorField
from eqspike.rules.eqspike import EqSpike
from eqspike.rules.equilibrium import Equilibrium
from eqspike.rules.protocol import RateRule, Rule
from eqspike.rules.refusals import refuse_network

RULES: Registry[type[Rule]] = Registry(
    "rule",
    "eqspike.rules",
    {
        rule.kind: rule
        for rule in (
            EqSpike,
            Equilibrium,
            ContinualEquilibrium,
            ContinualVectorField,
            AsymmetricEquilibrium,
        )
    },
    lacks_signal,
    members=("kind", "phases", "reading", "beta"),
)


def read_spike_rule(section: Section) -> EqSpike:
    """Read the `rule` section of a model whose neurons spike.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
    """
    rule: EqSpike = RULES.read(section, signal=SPIKES)
    return rule


def read_rate_rule(section: Section, feedback: Feedback, dynamics: Dynamics) -> RateRule:
    """Read a model's `rule` section: `kind` and the parameters of that kind.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        UnsupportedError: if the rule refuses such a network.
    """
    rule: RateRule = RULES.read(section, signal=RATES)
    refuse_network(rule, feedback, dynamics)
    return rule

"""All rules of rate networks by the name used in a model's `rule` section."""

from __future__ import annotations

from eqspike.core.config import Section
from eqspike.core.rates import Dynamics, Feedback
from eqspike.rules.continual import ContinualEquilibrium, ContinualVectorField
from eqspike.rules.equilibrium import Equilibrium
from eqspike.rules.refusals import refuse_network

RateRule = Equilibrium | ContinualEquilibrium | ContinualVectorField

RATE_RULES: dict[
    str, type[Equilibrium] | type[ContinualEquilibrium] | type[ContinualVectorField]
] = {rule.kind: rule for rule in (Equilibrium, ContinualEquilibrium, ContinualVectorField)}


def read_rate_rule(section: Section, feedback: Feedback, dynamics: Dynamics) -> RateRule:
    """Read a model's `rule` section: `kind` and the parameters of that kind.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        UnsupportedError: if the rule refuses such a network.
    """
    rule = RATE_RULES[section.choice("kind", tuple(RATE_RULES))].read(section)
    refuse_network(rule, feedback, dynamics)
    return rule

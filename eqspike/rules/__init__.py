"""Learning rules: which phases a sample goes through and how weights change in them."""

from eqspike.rules.asymmetric import AsymmetricEquilibrium
from eqspike.rules.continual import ContinualEquilibrium, ContinualVectorField
from eqspike.rules.eqspike import EqSpike
from eqspike.rules.equilibrium import Equilibrium
from eqspike.rules.nudging import Nudging
from eqspike.rules.protocol import RateRule, SpikingRule
from eqspike.rules.registry import RULES, read_rate_rule, read_spike_rule

__all__ = [
    "RULES",
    "AsymmetricEquilibrium",
    "ContinualEquilibrium",
    "ContinualVectorField",
    "EqSpike",
    "Equilibrium",
    "Nudging",
    "RateRule",
    "SpikingRule",
    "read_rate_rule",
    "read_spike_rule",
]

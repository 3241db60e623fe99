"""Looking at trained networks: gradient checks and figures. PyTorch and matplotlib are imported where used."""

from eqspike.analysis.gradients import GradientCheck, check_gradient
from eqspike.analysis.rate_network import RateNetwork

__all__ = ["GradientCheck", "RateNetwork", "check_gradient"]

"""Looking at trained networks: gradient checks and figures. PyTorch and matplotlib are imported where used."""

from eqspike.analysis.gradients.network import RateNetwork
from eqspike.analysis.gradients.spikes import GradientCheck, check_gradient

__all__ = ["GradientCheck", "RateNetwork", "check_gradient"]

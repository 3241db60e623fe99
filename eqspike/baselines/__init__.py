"""Published networks trained by backpropagation, to compare Equilibrium Propagation with. Needs PyTorch."""

from eqspike.baselines.binary_learner import BinaryLearner, Recipe
from eqspike.baselines.binary_network import BinaryNetwork
from eqspike.baselines.metaplastic_adam import MetaplasticAdam

__all__ = ["BinaryLearner", "BinaryNetwork", "MetaplasticAdam", "Recipe"]

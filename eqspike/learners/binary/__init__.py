"""Published networks trained by backpropagation, to compare Equilibrium Propagation with. Needs PyTorch."""

from eqspike.learners.binary.learner import BinaryLearner, Recipe
from eqspike.learners.binary.metaplastic_adam import MetaplasticAdam
from eqspike.learners.binary.network import BinaryNetwork

__all__ = ["BinaryLearner", "BinaryNetwork", "MetaplasticAdam", "Recipe"]

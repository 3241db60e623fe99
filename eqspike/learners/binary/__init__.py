"""The published network of binary weights, trained by backpropagation, to compare Equilibrium Propagation with."""

from eqspike.learners.binary.learner import BinaryBackprop, BinaryLearner
from eqspike.learners.binary.metaplastic_adam import MetaplasticAdam
from eqspike.learners.binary.network import BinaryNetwork

__all__ = ["BinaryBackprop", "BinaryLearner", "BinaryNetwork", "MetaplasticAdam"]

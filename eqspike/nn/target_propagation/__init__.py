"""Difference target propagation (DTP): a module, ways to learn its feedback, its angle to backpropagation."""

from .angles import LayerAngle, layer_angles
from .iterated import IteratedFeedback
from .module import TargetPropagation
from .solved import SolvedFeedback

__all__ = ["IteratedFeedback", "LayerAngle", "SolvedFeedback", "TargetPropagation", "layer_angles"]

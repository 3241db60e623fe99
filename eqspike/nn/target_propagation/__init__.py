"""Difference target propagation (DTP): a module, ways to learn its feedback, its angle to backpropagation."""

from .angles import LayerAngle, layer_angles
from .comparison import FEEDBACKS, compare_feedback
from .iterated import IteratedFeedback
from .module import TargetPropagation
from .solved import SolvedFeedback

__all__ = [
    "FEEDBACKS",
    "IteratedFeedback",
    "LayerAngle",
    "SolvedFeedback",
    "TargetPropagation",
    "compare_feedback",
    "layer_angles",
]

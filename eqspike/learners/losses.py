"""What learners make smaller, a mean over samples."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared distance to the target, summed over outputs; a label's target is 1 for its own output."""
    wanted = targets if targets.is_floating_point() else one_hot(targets, outputs.shape[1])
    return (outputs - wanted.to(outputs.dtype)).square().sum(1).mean() / 2


def entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the softmax of the outputs."""
    return cross_entropy(outputs, targets)


def misfit_of_values(loss: str) -> str:
    """What keeps a loss from targets that are values, and what to set, or an empty text where it fits."""
    if loss == "squared-error":
        return ""
    return f"learns labels by loss {loss}, but the task's targets are values; set learner.loss to squared-error"


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squared-error": squared_error,
    "cross-entropy": entropy,
}

"""Every kind of feedback on one network, forward weights held: rows for a table or a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eqspike.core.errors import ConfigError

from .angles import LayerAngle, layer_angles
from .iterated import IteratedFeedback
from .losses import LOSSES
from .module import TargetPropagation
from .solved import SolvedFeedback

FEEDBACKS = ("random", "symmetric", *LOSSES, "solved")
"""Held at random, held at the transpose, trained on one of the losses, solved for."""


def compare_feedback(
    network: nn.Sequential,
    batches: Sequence[tuple[Tensor, Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    kinds: Sequence[str] = FEEDBACKS,
    model: Mapping[str, Any] | None = None,
    iterated: Mapping[str, Any] | None = None,
    solved: Mapping[str, Any] | None = None,
) -> dict[str, tuple[LayerAngle, ...]]:
    """Angles to backpropagation on the first batch, after the feedback has learnt on all of them.

    Args:
        network: its weights stay as they are.
        batches: inputs and targets, at least one pair.
        loss: of outputs and targets.
        kinds: names out of `FEEDBACKS`.
        model, iterated, solved: settings of `TargetPropagation`, `IteratedFeedback` and `SolvedFeedback`.

    Raises:
        ConfigError: for a kind that does not exist, no batch, or settings out of range.
        UnsupportedError: for a network without a mirror.
    """
    unknown = [kind for kind in kinds if kind not in FEEDBACKS]
    if unknown or not batches:
        wrong = f"got kind {unknown[0]!r}" if unknown else "got no batch"
        raise ConfigError(
            f"compare_feedback: needs a batch, and kinds out of {', '.join(FEEDBACKS)}; {wrong}"
        )
    rows = {}
    for kind in kinds:
        own = TargetPropagation(network, **(model or {}))
        feedback: IteratedFeedback | SolvedFeedback | None = None
        if kind == "symmetric":
            own.symmetric()
        elif kind == "solved":
            feedback = SolvedFeedback(own, **(solved or {}))
        elif kind in LOSSES:
            feedback = IteratedFeedback(own, kind, **(iterated or {}))
        _learn(own, feedback, [inputs for inputs, _ in batches])
        rows[kind] = layer_angles(own, *batches[0], loss)
    return rows


def _learn(
    model: TargetPropagation,
    feedback: IteratedFeedback | SolvedFeedback | None,
    inputs: Sequence[Tensor],
) -> None:
    """One step on each batch."""
    if feedback is None:
        return
    with torch.enable_grad():
        for batch in inputs:
            model(batch)
            feedback.step()

"""How near the gradients of target propagation are to those of backpropagation, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .module import TargetPropagation, trained


@dataclass(frozen=True)
class LayerAngle:
    """One layer's comparison; angles in degrees, 0 to 180.

    Attributes:
        layer: its name in the network.
        angle: between the gradients of its weights.
        norm_ratio: norm of target propagation's gradient to beta times backpropagation's.
        weight_angle: between feedback and forward weights; `None` for the first layer, which has no feedback.
    """

    layer: str
    angle: float
    norm_ratio: float
    weight_angle: float | None


def layer_angles(
    model: TargetPropagation,
    inputs: Tensor,
    targets: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[LayerAngle, ...]:
    """Compares both gradients of one batch, in every layer from input to output; nothing is changed.

    Raises:
        UnsupportedError: for an input that asks for a gradient.
    """
    parameters = trained(model.blocks)
    kept = model.passages
    local = torch.autograd.grad(loss(model(inputs), targets), parameters)
    model.passages = kept
    exact = torch.autograd.grad(loss(model.network(inputs), targets), parameters)
    found = {id(each): pair for each, *pair in zip(parameters, local, exact, strict=True)}
    rows = []
    for number, block in enumerate(model.blocks):
        weight = block.layer.weight
        if id(weight) not in found:
            continue
        own, other = found[id(weight)]
        apart = degrees(weight.detach(), model.mirror(number).weight) if number else None
        ratio = float(own.norm() / (model.beta * other.norm()))
        rows.append(LayerAngle(block.name, degrees(own, other), ratio, apart))
    return tuple(rows)


def degrees(first: Tensor, second: Tensor) -> float:
    """Angle between two tensors of one shape; not a number if one of them is zero."""
    a, b = first.flatten().double(), second.flatten().double()
    a, b = a / a.norm(), b / b.norm()
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))

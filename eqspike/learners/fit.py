"""Whether fully connected layers fit a task."""

from __future__ import annotations

import math


def misfit_of_layers(layers: tuple[int, ...], input_shape: tuple[int, ...], outputs: int) -> str:
    """What keeps a network from a task and what to set, or an empty text where it fits.

    Args:
        layers: sizes, from the inputs to the outputs.
        input_shape: of one sample of the task.
        outputs: classes or values that the task asks for.
    """
    wanted = math.prod(input_shape), outputs
    if wanted == (layers[0], layers[-1]):
        return ""
    return (
        f"has {layers[0]} inputs and {layers[-1]} outputs, but the task has {wanted[0]} and {wanted[1]}; "
        f"set learner.layers to [{wanted[0]}, ..., {wanted[1]}]"
    )

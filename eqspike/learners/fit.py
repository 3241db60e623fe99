"""Whether layers and outputs fit a task."""

from __future__ import annotations

import math


def misfit_of_outputs(outputs: int, wanted: int, key: str) -> str:
    """What keeps so many outputs from a task of others, and which key to set, or an empty text where they fit."""
    if outputs == wanted:
        return ""
    return f"has {outputs} outputs, but the task has {wanted}; set {key} to {wanted}"


def together(*misfits: str) -> str:
    """All that keeps a model from a task as one sentence, so that each advice is not followed by the next."""
    return "; and it ".join(filter(None, misfits))


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

"""The exact gradient of a rate network's loss, step by step, by backpropagation through time (PyTorch's autograd).

The network stands at its fixed point and takes `steps` more free steps. The loss at their end is

    L = mean over samples of |y - s_L|^2 / 2

Every parameter is given to each of the last steps as a copy of its own. The gradient with respect to the copy
used t steps before the end is the t-th value of the gradient process; with respect to the parameter it is the
sum over all steps. Drives (what enters the activation) have a gradient process as well.

Written from `core.rates`, and apart from the engine that it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqspike.analysis.gradients.exact import SQUASHING
from eqspike.analysis.gradients.network import Array
from eqspike.analysis.gradients.primitive import downwards, upwards
from eqspike.core.errors import missing_package
from eqspike.core.learner import Arrays
from eqspike.core.rates import differentiable
from eqspike.systems import RateSystem


@dataclass(frozen=True)
class Unrolled:
    """Gradients of the loss.

    Attributes:
        total: + dL/dparameter by name.
        parameters: by name, of each of the last steps, the last one first: (steps, ...).
        drives: by layer, likewise, of each sample's own loss: (steps, samples, neurons).
    """

    total: Arrays
    parameters: Arrays
    drives: Arrays


def unroll(
    system: RateSystem, weights: Arrays, inputs: Array, targets: Array, states: Mapping[str, Array], *,
    steps: int, apart: int = 0,
) -> Unrolled:  # fmt: skip
    """Differentiate `steps` free steps from `states`, the last `apart` of them one by one.

    Args:
        inputs: (samples, pixels) in [0, 1]; targets: (samples, outputs).
        states: fixed point by layer, (samples, neurons).
        steps: take many times the relaxation time for `total`; at least `apart`.

    Raises:
        MissingPackageError: without PyTorch.
    """
    try:
        import torch
    except ImportError as missing:
        raise missing_package("torch", "torch", "backpropagation through time") from missing

    shared = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}
    clamped, wanted = torch.tensor(inputs), torch.tensor(targets)
    current = [torch.tensor(states[layer.name]) for layer in system.network.free_layers]
    copies: list[dict[str, Any]] = []
    drives: list[list[Any]] = []
    for step in range(steps):
        given = shared
        if step >= steps - apart:
            given = {name: (array * 1.0) for name, array in shared.items()}
            for array in given.values():
                array.retain_grad()
            copies.append(given)
        current, made = _step(system, given, clamped, current)
        if step >= steps - apart:
            for drive in made:
                drive.retain_grad()
            drives.append(made)
    loss: Any = 0.5 * ((wanted - current[-1]) ** 2).sum(1).mean()
    loss.backward()
    layers = [layer.name for layer in system.network.free_layers]
    return Unrolled(
        {name: _gradient(array) for name, array in shared.items()},
        {name: np.array([_gradient(given[name]) for given in copies[::-1]]) for name in weights},
        {
            name: np.array([len(inputs) * _gradient(made[index]) for made in drives[::-1]])
            for index, name in enumerate(layers)
        },
    )


def _step(
    system: RateSystem, weights: Mapping[str, Any], inputs: Any, states: list[Any]
) -> tuple[list[Any], list[Any]]:
    """States after one free step, and the drives that made them."""
    rho = SQUASHING[differentiable(system.neuron).activation.name]
    together = system.dynamics.updates == "synchronous"
    count = len(states)
    halves = [range(count)] if together else [range(0, count, 2), range(1, count, 2)]
    drives: list[Any] = [None] * count
    for half in halves:
        for index in half:
            drives[index] = _drive(system, weights, inputs, states, index)
        states = [
            rho(drives[index]) if index in half else state for index, state in enumerate(states)
        ]
    return states, drives


def _drive(
    system: RateSystem, weights: Mapping[str, Any], inputs: Any, states: list[Any], index: int
) -> Any:
    names = [layer.name for layer in system.network.layers]
    below, own = names[index], names[index + 1]
    rates = inputs if index == 0 else states[index - 1]
    couplings = system.network.couplings
    bias = weights[f"{own}.bias"]
    shared = system.network.layers[index + 1].size // len(bias)
    drive = upwards(couplings[index], weights[f"{below}-{own}"], rates)
    drive = drive + bias.repeat_interleave(shared)
    if index + 1 < len(states):
        above = names[index + 2]
        if couplings[index + 1].convolution is not None:
            kernel = weights[f"{own}-{above}"]
            return drive + downwards(couplings[index + 1], kernel, states[index], states[index + 1])
        separate = system.feedback.separate
        back = weights[f"{above}-{own}"] if separate else weights[f"{own}-{above}"].T
        drive = drive + states[index + 1] @ back
    return drive


def _gradient(tensor: Any) -> Array:
    """Gradient of a tensor, zero where the loss does not depend on it."""
    if tensor.grad is None:
        return np.zeros(tuple(tensor.shape))
    return np.asarray(tensor.grad.numpy())

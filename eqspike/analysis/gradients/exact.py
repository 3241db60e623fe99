"""The exact gradient of the loss at the fixed point of a rate network, found in two independent ways.

    C = mean over samples of |y - r_out|^2 / 2,     r = rho(s),     s = A r + b + beta (y - r_out)

* `bptt`: backpropagation through time. The fixed point is kept up for many steps of the relaxation by PyTorch,
  which then differentiates the loss at the end with respect to the parameters.
* `implicit`: differentiation of the fixed-point equation in NumPy. With D = rho'(s) and A symmetric, the error
  signal e (zero for the clamped input) obeys e = D (dC/dr + A e - beta e_out), and

      dC/dW = mean over samples of e_pre r_post + r_pre e_post,     dC/db = mean of e

Both return + dC/dparameter by name: a learning rule's update should be near *minus* that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from eqspike.analysis.gradients.network import LONGEST, STEP, TOLERANCE, Array, RateNetwork, States
from eqspike.core.errors import ConvergenceError, missing_package
from eqspike.core.learner import Arrays

UNROLLED_STEPS = 500

SQUASHING: dict[str, Callable[[Any], Any]] = {
    "hard-sigmoid": lambda drive: drive.clamp(0.0, 1.0),
    "sigmoid-4": lambda drive: (4.0 * (drive - 0.5)).sigmoid(),
    "tanh": lambda drive: drive.tanh(),
}
"""The activations of `core.activations` as PyTorch differentiates them."""


def implicit(
    network: RateNetwork, inputs: Array, targets: Array, states: States, beta: float = 0.0
) -> Arrays:
    """Gradient by implicit differentiation at `states`, the fixed point for `beta`.

    Args:
        inputs, targets: (samples, pixels), (samples, outputs).
        beta: nudging strength that held while relaxing to `states`; the loss is not changed by it.

    Returns:
        + dC/dparameter by name.

    Raises:
        ConvergenceError: if the error signal does not come to rest: the fixed point is unstable.
    """
    rates = network.rates(inputs, states)
    errors = _error_signal(network, inputs, states, rates[-1] - targets, beta)
    result: Arrays = {}
    for index, coupling in enumerate(network.network.couplings):
        change = rates[index].T @ errors[index + 1] + errors[index].T @ rates[index + 1]
        result[coupling.name] = change / len(inputs)
    for layer, error in zip(network.network.free_layers, errors[1:], strict=True):
        result[f"{layer.name}.bias"] = error.mean(0)
    return result


def _error_signal(
    network: RateNetwork, inputs: Array, states: States, of_output: Array, beta: float
) -> list[Array]:
    slopes = [network.activation.slope(state) for state in states]
    errors = [np.zeros_like(inputs), *(np.zeros_like(state) for state in states)]
    for _ in range(LONGEST):
        received = network.neighbours(errors)
        received[-1] += of_output - beta * errors[-1]
        moved, size = 0.0, 0.0
        for index, slope in enumerate(slopes):
            move = STEP * (slope * received[index] - errors[index + 1])
            errors[index + 1] = errors[index + 1] + move
            moved = max(moved, float(np.abs(move).max()))
            size = max(size, float(np.abs(errors[index + 1]).max()))
        if moved <= TOLERANCE * size:
            return errors
    raise ConvergenceError(
        "exact gradient: the error signal does not come to rest, so the fixed point is unstable; "
        "use smaller weights"
    )


def bptt(
    network: RateNetwork, inputs: Array, targets: Array, states: States, steps: int = UNROLLED_STEPS
) -> Arrays:
    """Gradient by backpropagation through `steps` steps of the free relaxation from the fixed point `states`.

    Args:
        inputs, targets: (samples, pixels), (samples, outputs).
        steps: the influence of the parameters on the end decays within the relaxation time: take many times that.

    Returns:
        + dC/dparameter by name.

    Raises:
        MissingPackageError: without PyTorch.
    """
    try:
        import torch
    except ImportError as missing:
        raise missing_package("torch", "torch", "backpropagation through time") from missing

    rho = SQUASHING[network.activation.name]
    parameters = {
        name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for name, array in network.weights.items()
    }
    couplings = [parameters[coupling.name] for coupling in network.network.couplings]
    biases = [parameters[f"{layer.name}.bias"] for layer in network.network.free_layers]
    clamped = torch.tensor(inputs) @ couplings[0]
    state = [torch.tensor(array) for array in states]
    for _ in range(steps):
        rates = [rho(s) for s in state]
        drives = [clamped, *(r @ w for r, w in zip(rates[:-1], couplings[1:], strict=True))]
        for index, weights in enumerate(couplings[1:]):
            drives[index] = drives[index] + rates[index + 1] @ weights.T
        state = [s + STEP * (d + b - s) for s, d, b in zip(state, drives, biases, strict=True)]
    error = torch.tensor(targets) - rho(state[-1])
    (0.5 * (error**2).sum(1).mean()).backward()
    return {name: _gradient(parameter) for name, parameter in parameters.items()}


def _gradient(parameter: Any) -> Array:
    return (
        np.zeros(parameter.shape) if parameter.grad is None else np.asarray(parameter.grad.numpy())
    )

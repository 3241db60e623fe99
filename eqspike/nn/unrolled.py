"""Backpropagation through the last steps of the dynamics, which start at the free state (truncated, "TBP").

Source: Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023, arXiv:2312.15103.
"""

from __future__ import annotations

import torch
from torch import Tensor

from eqspike.nn.circuit import Circuit, Parameters, Rest
from eqspike.nn.teaching import Gradients


def unrolled(
    rest: Rest, parameters: Parameters, gradient: Tensor, steps: int, by_input: bool
) -> Gradients:
    """Gradients by autograd over so many steps.

    Args:
        parameters: of the circuit of `rest`.
        gradient: of the loss by the outputs.
    """
    with torch.enable_grad():
        weights, biases = (
            [_leaf(t) for t in part] for part in (parameters.weights, parameters.biases)
        )
        backs = [None if back is None else _leaf(back) for back in parameters.backs]
        inputs = _leaf(rest.inputs)
        circuit = Circuit(
            rest.circuit.structure, Parameters(weights, backs, biases), rest.circuit.updates
        )
        states = [state.detach() for state in rest.states]
        relaxation = circuit.relaxation(
            circuit.links(), states, circuit.base(inputs),
            lambda layer, drive: circuit.squashes[layer].apply(drive), in_place=False,
        )  # fmt: skip
        relaxation.run(steps)
        leaves = [*weights, *(back for back in backs if back is not None), *biases, inputs]
        found = torch.autograd.grad(relaxation.states[-1], leaves, gradient, allow_unused=True)
    ready = iter(
        [torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True)]
    )
    by_weight = [next(ready) for _ in weights]
    by_back = [None if back is None else next(ready) for back in backs]
    by_bias = [next(ready) for _ in biases]
    return Gradients(by_weight, by_back, by_bias, next(ready) if by_input else None)


def _leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().requires_grad_()

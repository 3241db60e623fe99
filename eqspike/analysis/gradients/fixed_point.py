"""The exact gradient through an energy block at rest, by automatic differentiation of one step of its dynamics.

    s = F(s, theta, x) at rest        dL/d(theta, x) = v . dF/d(theta, x)        v = dL/ds + v . dF/ds

Where outputs are clamped instead of nudged, their part of v is held at dL/ds: weights are symmetric, so v is how
hidden layers answer outputs that are moved by dL/ds. That is what coupled learning tends to: errors weighted by
how stiff the outputs are, not the gradient of the loss itself.

v is iterated until it rests; all products with derivatives of F are autograd's. Neither the transposed couplings
of implicit differentiation nor any nudge has a part in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from eqspike.core.errors import ConvergenceError, UnsupportedError
from eqspike.nn.circuit import Circuit, Parameters, Rest
from eqspike.nn.energy_block import EnergyBlock

STEPS, TOLERANCE = 2000, 1e-11
"""Most iterations of v, and the largest change of it, relative to v, at which it rests."""


class AtRest(nn.Module):
    """An energy block with the same outputs and parameters, whose backward pass is as above.

    Args:
        clamp: outputs are held; they must be linear.

    Raises:
        UnsupportedError: for clamped outputs that are not linear, or backward weights of their own.
    """

    def __init__(self, block: EnergyBlock, clamp: bool = False) -> None:
        super().__init__()
        self.block, self.clamp = block, clamp
        if clamp and (block.structure.activations[-1] != "linear" or block.feedback):
            raise UnsupportedError(
                "the limit of clamped outputs is known where the last layer is linear and weights are tied, got "
                f"activation '{block.structure.activations[-1]}', feedback '{block.settings.feedback}'"
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs at rest."""
        block = self.block
        named = [*block.weights.values(), *block.feedback.values(), *block.biases.values()]
        with torch.no_grad():
            rest = block.relax(inputs.detach(), block.parameters_in(inputs.dtype, named))
        states = [state.detach().clone() for state in rest.states]
        after = _flat(_step(block, rest, inputs, states))
        before = [state.requires_grad_() for state in states]
        again = _flat(_step(block, rest, inputs.detach(), before))
        held = states[-1].numel() if self.clamp else 0
        after.register_hook(  # type: ignore[no-untyped-call]
            lambda gradient: _adjoint(again, before, gradient, held)
        )
        outputs = after[-states[-1].numel() :]
        return outputs.view(states[-1].shape)


def _step(
    block: EnergyBlock, rest: Rest, inputs: Tensor, states: Sequence[Tensor]
) -> Sequence[Tensor]:
    """F, all layers at once, followed by autograd."""
    wires, given = block.structure.wires, rest.circuit
    names = [wire.wiring.name for wire in wires]
    weights = [
        block.weights[name] if wire.shape else coupling.weight
        for name, wire, coupling in zip(names, wires, given.couplings, strict=True)
    ]
    backs = [block.feedback.get(name) for name in names]
    biases = list(block.biases.values())
    circuit = Circuit(block.structure, Parameters(weights, backs, biases), "synchronous")
    relaxation = circuit.relaxation(
        circuit.links(), list(states), circuit.base(inputs),
        lambda layer, drive: circuit.squashes[layer].apply(drive), in_place=False,
    )  # fmt: skip
    relaxation.step()
    return relaxation.states


def _flat(states: Sequence[Tensor]) -> Tensor:
    return torch.cat([state.flatten() for state in states])


def _adjoint(after: Tensor, before: Sequence[Tensor], gradient: Tensor, held: int) -> Tensor:
    """v, whose last `held` components stay those of the gradient."""
    found = gradient
    for _ in range(STEPS):
        parts = torch.autograd.grad(after, before, found, retain_graph=True, allow_unused=True)
        back = [
            torch.zeros_like(state) if part is None else part
            for part, state in zip(parts, before, strict=True)
        ]
        last, found = found, gradient + _flat(back)
        if held:
            found[-held:] = gradient[-held:]
        if float((found - last).abs().max()) <= TOLERANCE * float(found.abs().max()):
            return found
    raise ConvergenceError(
        f"the exact gradient at rest is not found in {STEPS} iterations: the fixed point is not stable; use "
        "smaller weights (gain)"
    )

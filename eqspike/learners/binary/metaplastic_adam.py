"""Adam whose steps consolidate binary weights.

With hidden weights W_h, of which the network sees sign(W_h), and Adam's step U = momentum / deviation,

    W_h <- W_h - eta f U        f = 1 - tanh^2(m |W_h|)    where sign(W_h) momentum > 0: the step shrinks |W_h|
                                f = 1                      elsewhere

so that a weight that was pushed far from 0, because many batches asked for its sign, is ever harder to turn.
m = 0 is Adam. f multiplies the momentum alone, and only of arrays with two dimensions or more: normalisations
learn as ever. Laborieux, Ernoult, Hirtzlin and Querlioz, Nat. Commun. 12:2549 (2021), and their public code; there
epsilon is added before the deviation is corrected, here after, as PyTorch's Adam does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from eqspike.core.errors import ConfigError


def consolidation(hidden: Tensor, m: float) -> Tensor:
    """f = 1 - tanh^2(m |W_h|), in (0, 1], of hidden weights of any shape."""
    return 1.0 - torch.tanh(m * hidden.abs()).square_()


class MetaplasticAdam(Optimizer):
    """Adam (Kingma and Ba, ICLR 2015) with the factor above.

    Args:
        parameters: what to train.
        m: metaplasticity, per unit of hidden weight, at least 0.
        learning_rate: eta, above 0.
        betas: of momentum and deviation, in [0, 1).
        epsilon: added to the deviation.
        decay: times the parameter, added to the gradient, at least 0.

    Raises:
        ConfigError: for a number out of its range.
    """

    def __init__(
        self, parameters: Iterable[Tensor], m: float = 0.0, learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8, decay: float = 0.0,
    ) -> None:  # fmt: skip
        if m < 0 or learning_rate <= 0 or decay < 0 or not all(0 <= beta < 1 for beta in betas):
            raise ConfigError(
                "metaplastic Adam: m and decay must be at least 0, learning_rate above 0 and betas in [0, 1), got "
                f"m {m}, decay {decay}, learning_rate {learning_rate}, betas {betas}"
            )
        super().__init__(
            parameters,
            {"m": m, "lr": learning_rate, "betas": betas, "eps": epsilon, "decay": decay},
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Change every parameter that has a gradient; there is no closure to call again."""
        if closure is not None:
            raise ConfigError("metaplastic Adam: step takes no closure; compute gradients before")
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    _advance(parameter, parameter.grad, self.state[parameter], group)


def _advance(
    parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]
) -> None:
    """One step, in the order of operations of PyTorch's Adam, so that m = 0 gives its bits."""
    if not state:
        state.update(step=torch.tensor(0.0), momentum=torch.zeros_like(parameter))
        state["square"] = torch.zeros_like(parameter)
    state["step"] += 1
    step = int(state["step"])
    first, second = group["betas"]
    if group["decay"]:
        gradient = gradient.add(parameter, alpha=group["decay"])
    momentum = state["momentum"].lerp_(gradient, 1 - first)
    square = state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
    correction = (1 - second**step) ** 0.5
    deviation = (square.sqrt() / correction).add_(group["eps"])
    rate = group["lr"] / (1 - first**step)
    if group["m"] and parameter.dim() > 1:
        shrinks = momentum * parameter > 0
        momentum = torch.where(shrinks, momentum * consolidation(parameter, group["m"]), momentum)
    parameter.addcdiv_(momentum, deviation, value=-rate)

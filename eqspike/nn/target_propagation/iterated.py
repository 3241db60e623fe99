"""Feedback weights trained by steps of gradient descent on one of the losses, on every batch.

Each block's loss is its own; the order of blocks matters to `drl` alone, which uses the feedback above.
Ernoult et al. (arXiv:2201.13415) take 20 to 60 steps a block and batch, with momentum 0.9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from eqspike.core.amounts import check_number, check_whole
from eqspike.core.errors import ConfigError, RunError
from eqspike.nn import shares

from .losses import LOSSES
from .module import TargetPropagation

Maker: TypeAlias = Callable[[list[Tensor], float], Optimizer]
Number = TypeVar("Number", int, float)


def momentum(tensors: list[Tensor], rate: float) -> Optimizer:
    """Gradient descent with the published momentum."""
    return SGD(tensors, lr=rate, momentum=0.9)


class IteratedFeedback:
    """Trains a model's feedback on the latest batch, whenever `step` is called.

    Args:
        model: already on its device.
        loss: `l-drl`, `autoencoder` or `drl`.
        iterations: steps a batch; one number, or one for each block with feedback, input side first.
        noise: standard deviations, likewise, above 0.
        rate: learning rates, likewise. Good ones go with 1 / noise^2, as the loss is not divided by it.
        samples: noise draws whose gradients are averaged in one step.
        optimiser: makes an optimiser from tensors and a rate.
        seed: of the noise.

    Raises:
        ConfigError: for a loss that does not exist, or numbers that do not fit the network.
    """

    def __init__(
        self,
        model: TargetPropagation,
        loss: str = "l-drl",
        iterations: int | Sequence[int] = 1,
        noise: float | Sequence[float] = 0.1,
        rate: float | Sequence[float] = 0.01,
        samples: int = 1,
        optimiser: Maker = momentum,
        seed: int = 0,
    ) -> None:
        if loss not in LOSSES:
            raise ConfigError(f"IteratedFeedback: loss is one of {', '.join(LOSSES)}, got {loss!r}")
        check_whole("IteratedFeedback: samples", samples)
        self.model, self.loss, self.samples = model, LOSSES[loss], samples
        count = len(model.mirrors)
        self.iterations = spread("iterations", iterations, count, whole=True)
        self.noise = spread("noise", noise, count)
        rates = spread("rate", rate, count)
        numbers = range(1, count + 1)
        self.optimisers = [
            optimiser([model.mirror(number).weight, model.mirror(number).bias], each)
            for number, each in zip(numbers, rates, strict=True)
        ]
        device = model.blocks[0].layer.weight.device
        self.generator = torch.Generator(device).manual_seed(seed)

    @torch.no_grad()
    def step(self) -> None:
        """All iterations of all blocks on the model's latest batch, from the output down."""
        if not self.model.passages:
            raise RunError(
                "IteratedFeedback: the model has seen no batch; call model(inputs) first"
            )
        for number in range(len(self.model.mirrors), 0, -1):
            for _ in range(self.iterations[number - 1]):
                self._iterate(number)

    def _iterate(self, number: int) -> None:
        """One step of one block."""
        mirror, optimiser = self.model.mirror(number), self.optimisers[number - 1]
        if optimiser.param_groups[0]["params"][0] is not mirror.weight:
            raise RunError(
                "IteratedFeedback: the model was moved to another device; build it after the move"
            )
        draws = [
            self.loss(self.model, number, self.noise[number - 1], self.generator)
            for _ in range(self.samples)
        ]
        mirror.weight.grad = _mean([weight for weight, _ in draws])
        biases = [bias for _, bias in draws if bias is not None]
        mirror.bias.grad = _mean(biases) if biases else None
        optimiser.step()
        mirror.weight.grad = mirror.bias.grad = None

    def state_dict(self) -> dict[str, Any]:
        """What going on needs besides the model: the optimisers' and the noise's states."""
        return {
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from `state_dict`."""
        for optimiser, each in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(each)
        self.generator.set_state(state["generator"])


def _mean(tensors: list[Tensor]) -> Tensor:
    """Of tensors of one shape, and over all shares of the batch."""
    return shares.mean(tensors[0] if len(tensors) == 1 else torch.stack(tensors).mean(0))


def spread(
    name: str, values: Number | Sequence[Number], count: int, whole: bool = False
) -> list[Number]:
    """One positive number for each block with feedback, if need be a whole one.

    Raises:
        ConfigError: if there are more or fewer, or one is not above 0.
    """
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    every: list[Number] = list(values) if listed else [values] * count  # type: ignore[arg-type, list-item]
    if len(every) != count:
        raise ConfigError(f"feedback: {name} needs one number or {count}, got {len(every)}")
    for each in every:
        if whole:
            check_whole(f"feedback: {name}", each)
        check_number(f"feedback: {name}", each, above=0)
    return every

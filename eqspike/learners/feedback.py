"""The feedback of target propagation as a follower: it learns between a module's forward and backward pass.

Multiply-accumulates of a sample, with P_k those of layer k forwards: F(x + xi) and every product of the feedback
weights cost P_k each.

    solved        2 P_k: F(x + xi), d1 xi^T
    l-drl         4 P_k an iteration: F(x + xi), V^T d2, d2 (V^T d2)^T, d1 xi^T
    autoencoder   3 P_k an iteration: F(x + xi), V^T h, h r^T
    drl           2 P_k and, of all layers above, 2 P_j: forwards to the output and back; V^T d, d (V^T d - xi)^T
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays
from eqspike.nn.target_propagation import IteratedFeedback, SolvedFeedback, TargetPropagation

_OBSERVED = "observed"


class FeedbackFollower:
    """Learns a model's feedback weights on each batch.

    Args:
        feedback: of a model that is on its device.
        loss: of iterated feedback, a key of `nn.target_propagation.losses.LOSSES`.
        warm_up: batches from which the feedback alone learns, before the forward weights start.
    """

    def __init__(
        self, feedback: IteratedFeedback | SolvedFeedback, loss: str, warm_up: int
    ) -> None:
        self._feedback, self._loss, self.warm_up = feedback, loss, warm_up
        self.observed = 0
        self._operations: dict[str, int] = {}

    def step(self) -> bool:
        """Learn from the model's latest batch; the model learns too once the warm-up is over."""
        self._count()
        self._feedback.step()
        self.observed += 1
        return self.observed > self.warm_up

    def take_operations(self) -> dict[str, int]:
        """Multiply-accumulates by layer since the last call."""
        operations, self._operations = self._operations, {}
        return operations

    def arrays(self) -> Arrays:
        """What the feedback keeps beside its weights, and how many batches were observed."""
        own = _flat(self._feedback.state_dict())
        arrays = {
            name: value.detach().cpu().numpy().copy()
            if isinstance(value, Tensor)
            else np.array(value)
            for name, value in own.items()
        }
        return arrays | {_OBSERVED: np.array(self.observed)}

    def load(self, arrays: Arrays) -> None:
        """Go on from `arrays`.

        Raises:
            ConfigError: if they are of another kind of feedback, or not complete.
        """
        try:
            if isinstance(self._feedback, SolvedFeedback):
                _load_solved(self._feedback, arrays)
            else:
                _load_iterated(self._feedback, arrays)
            self.observed = int(arrays[_OBSERVED])
        except (KeyError, ValueError) as error:
            raise ConfigError(
                f"the state of the feedback must be that of a model of the same learner.feedback, got arrays "
                f"{sorted(arrays)}; it lacks or cannot take {error}"
            ) from error

    def _count(self) -> None:
        """Adds the products of the coming step."""
        model = self._feedback.model
        costs = [_products(model, number) for number in range(len(model.blocks))]
        for number in range(1, len(model.blocks)):
            name = f"network.{model.blocks[number].name}"
            if isinstance(self._feedback, SolvedFeedback):
                due = self._feedback.steps % self._feedback.interval == 0
                found = 2 * costs[number] * due
            else:
                above = 2 * sum(costs[number + 1 :])
                each = {"l-drl": 4 * costs[number], "autoencoder": 3 * costs[number]}
                times = self._feedback.iterations[number - 1] * self._feedback.samples
                # drl: F(x + xi) to the output, back through the feedback above, V^T d, d (V^T d - xi)^T.
                found = times * each.get(self._loss, 3 * costs[number] + above)
            self._operations[name] = self._operations.get(name, 0) + found


def _products(model: TargetPropagation, number: int) -> int:
    """Multiply-accumulates of the latest batch through a block."""
    passage, weight = model.passages[number], model.blocks[number].layer.weight
    return len(passage.outputs) * passage.shape.numel() * weight[0].numel()


def _flat(state: dict[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Nested state by names such as `sums/1/power`; what an optimiser is told anew is left out."""
    own: dict[str, Any] = {}
    for key, value in state.items():
        if key == "param_groups" or value is None:
            continue
        name = prefix + ("-".join(map(str, key)) if isinstance(key, tuple) else str(key))
        if isinstance(value, list):
            value = dict(enumerate(value))
        own |= _flat(value, name + "/") if isinstance(value, dict) else {name: value}
    return own


def _load_solved(feedback: SolvedFeedback, arrays: Arrays) -> None:
    device = feedback.model.blocks[0].layer.weight.device

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(np.array(arrays[name])).to(device)

    def numbers(pattern: str) -> list[tuple[str, ...]]:
        found = (re.fullmatch(pattern, name) for name in arrays)
        return [match.groups() for match in found if match]

    sums = {
        int(number): {
            "power": tensor(f"sums/{number}/power"),
            "products": tensor(f"sums/{number}/products"),
            "draws": float(arrays[f"sums/{number}/draws"]),
        }
        for (number,) in numbers(r"sums/(\d+)/draws")
    }
    last = {int(number): tensor(f"last/{number}") for (number,) in numbers(r"last/(\d+)")}
    places = numbers(r"drawn/(\d+)-(\d+)")
    drawn = {(int(a), int(b)): int(arrays[f"drawn/{a}-{b}"]) for a, b in places}
    steps = int(arrays["steps"])
    feedback.load_state_dict({"sums": sums, "last": last, "drawn": drawn, "steps": steps})


def _load_iterated(feedback: IteratedFeedback, arrays: Arrays) -> None:
    states: list[dict[str, Any]] = []
    for number, optimiser in enumerate(feedback.optimisers):
        kept: dict[int, dict[str, Tensor]] = {}
        prefix = f"optimisers/{number}/state/"
        for name, array in arrays.items():
            if name.startswith(prefix):
                index, _, key = name.removeprefix(prefix).partition("/")
                kept.setdefault(int(index), {})[key] = torch.from_numpy(np.array(array))
        groups = optimiser.state_dict()["param_groups"]
        states.append({"state": kept, "param_groups": groups})
    generator = torch.from_numpy(np.array(arrays["generator"]))
    feedback.load_state_dict({"optimisers": states, "generator": generator})

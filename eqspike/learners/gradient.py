"""A torch module under the training loop: the one learner that owns device, optimiser, random numbers, resuming.

What differs between algorithms is in the module's backward pass: automatic differentiation, or a physical rule of
`eqspike.nn`. Random numbers of a batch (dropout, noise) follow its key, so that a resumed run draws the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays, Batch, Keys, Outputs, Pace
from eqspike.core.threads import thread_count
from eqspike.learners.counting import (
    Products,
    block_counts,
    feedback_counts,
    learning_counts,
    reading_counts,
)
from eqspike.learners.devices import read_device
from eqspike.nn import shares
from eqspike.nn.threads import torch_threads

BLOCK = 1000
"""Samples that are predicted at a time."""

Loss = Callable[[Tensor, Tensor], Tensor]
Reader = Callable[[NDArray[Any]], NDArray[Any]]
Augmented = Callable[[NDArray[Any], Keys], NDArray[Any]]

_OPTIMISER, _FOLLOWER = "optimiser/", "follower/"


class Follower(Protocol):
    """What learns beside a module, such as the feedback weights of target propagation."""

    def step(self) -> bool:
        """Learn from the module's latest batch; whether the module is to learn from it as well."""
        ...

    def take_operations(self) -> dict[str, int]:
        """Its multiply-accumulates by layer since the last call, counted in phase `feedback`."""
        ...

    def arrays(self) -> Arrays:
        """What going on needs of it, by name."""
        ...

    def load(self, arrays: Arrays) -> None:
        """Go on from `arrays`."""
        ...


class GradientLearner:
    """Learns by `loss(module(inputs), targets).backward()` and an optimiser. A context manager.

    Args:
        module: given inputs (samples, ...), answers (samples, outputs).
        optimiser: makes one for the module's parameters; each pace's factor multiplies its learning rates.
        loss: given outputs and targets, what is made smaller.
        read: brings a task's inputs to what the module takes, such as levels to numbers of 0 to 1.
        follower: learns beside the module, between its forward and its backward pass; its state is kept too.
        device: name of a torch device.
        augmented: takes the place of `read` in learning; given the keys of the presentations too.
    """

    def __init__(
        self, module: nn.Module, optimiser: Callable[[nn.Module], Optimizer], loss: Loss, read: Reader,
        follower: Follower | None = None, device: str = "cpu", augmented: Augmented | None = None,
    ) -> None:  # fmt: skip
        self.device = read_device(device)
        self.module = module.to(self.device)
        self._make_optimiser, self._loss, self._read = optimiser, loss, read
        self._follower, self._augmented = follower, augmented
        self.new_optimiser()
        self._products = Products(self.module)
        self._threads = thread_count()
        self._counts = EventCounts()

    def __enter__(self) -> GradientLearner:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._products.close()

    def new_optimiser(self) -> None:
        """Forget what the optimiser remembers of earlier batches."""
        self._optimiser = self._make_optimiser(self.module)
        self._rates = [float(group["lr"]) for group in self._optimiser.param_groups]

    def fit(self, batch: Batch, pace: Pace) -> Outputs:
        """Learn from one batch; see `core.learner.Learner`."""
        with torch_threads(self._threads):
            return self._fit(batch, pace)

    def _fit(self, batch: Batch, pace: Pace) -> Outputs:
        self.module.train()
        inputs = self._tensor(self._learnt_from(batch))
        targets = self._tensor(batch.targets)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * pace.rate_factor
        with self._drawing(pace.key):
            self._optimiser.zero_grad()
            outputs = self.module(inputs)
            learns = self._follow(len(batch))
            if learns:
                shares.of_mean(self._loss(outputs, targets)).backward()  # type: ignore[no-untyped-call]
                shares.sum_gradients(self.module.parameters())
                self._optimiser.step()
        if learns:
            self._counts += learning_counts(self.module, self._products.take(), len(batch))
        self._counts += block_counts(self.module)
        return _array(outputs)

    def _learnt_from(self, batch: Batch) -> NDArray[Any]:
        if self._augmented is None:
            return self._read(batch.inputs)
        return self._augmented(batch.inputs, batch.keys)

    def _follow(self, samples: int) -> bool:
        """The follower's step; whether the module learns too."""
        if self._follower is None:
            return True
        with self._products.paused():
            learns = self._follower.step()
        self._counts += feedback_counts(self._follower.take_operations(), samples)
        if not learns:
            self._counts += reading_counts(self._products.take(), samples)
        return learns

    def predict(self, batch: Batch) -> Outputs:
        """Outputs of each sample, without learning."""
        self.module.eval()
        parts = []
        with torch.no_grad(), torch_threads(self._threads):
            for first in range(0, len(batch), BLOCK):
                part = self._read(batch.inputs[first : first + BLOCK])
                parts.append(self.module(self._tensor(part)).cpu().numpy())
        self._counts += reading_counts(self._products.take(), len(batch))
        self._counts += block_counts(self.module)
        return np.concatenate(parts)

    def weights(self) -> Arrays:
        """Copies of the parameters by name."""
        return {name: _array(value) for name, value in self.module.named_parameters()}

    def state(self) -> Arrays:
        """Parameters and buffers by name, and what the optimiser remembers of each parameter."""
        own = {name: _array(value) for name, value in self.module.state_dict().items()}
        names = [name for name, _ in self.module.named_parameters()]
        remembered = self._optimiser.state_dict()["state"]
        for index, kept in remembered.items():
            for key, value in kept.items():
                own[f"{_OPTIMISER}{names[index]}/{key}"] = _array(torch.as_tensor(value))
        if self._follower is not None:
            own |= {_FOLLOWER + name: array for name, array in self._follower.arrays().items()}
        return own

    def load(self, state: Arrays) -> None:
        """Go on from what `state` returned.

        Raises:
            ConfigError: for a wrong name or shape, or a value that is not finite.
        """
        beside = (_OPTIMISER, _FOLLOWER)
        own = {name: array for name, array in state.items() if not name.startswith(beside)}
        self._check(own)
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in own.items()}
        self.module.load_state_dict(tensors)
        self.new_optimiser()
        self._load_optimiser({n: a for n, a in state.items() if n.startswith(_OPTIMISER)})
        if self._follower is not None:
            followed = {n: a for n, a in state.items() if n.startswith(_FOLLOWER)}
            self._follower.load({n.removeprefix(_FOLLOWER): a for n, a in followed.items()})

    def take_counts(self) -> EventCounts:
        """Multiply-accumulates and weight updates since the last call."""
        counts, self._counts = self._counts, EventCounts()
        return counts

    def neuron_spikes(self) -> dict[str, NDArray[np.int64]]:
        """Nothing spikes."""
        return {}

    def _check(self, own: Arrays) -> None:
        wanted = self.module.state_dict()
        if set(own) != set(wanted):
            raise ConfigError(f"weights must be named {sorted(wanted)}, got {sorted(own)}")
        for name, array in own.items():
            if array.shape != tuple(wanted[name].shape):
                raise ConfigError(
                    f"weights '{name}' must have shape {tuple(wanted[name].shape)}, got {array.shape}"
                )
            if not np.isfinite(array).all():
                raise ConfigError(f"weights '{name}' must be finite, got NaN or infinity")

    def _load_optimiser(self, remembered: Arrays) -> None:
        places = {name: index for index, (name, _) in enumerate(self.module.named_parameters())}
        state: dict[int, dict[str, Tensor]] = {}
        for name, array in remembered.items():
            parameter, _, key = name.removeprefix(_OPTIMISER).rpartition("/")
            if parameter not in places:
                raise ConfigError(f"'{name}' belongs to no parameter of this model")
            state.setdefault(places[parameter], {})[key] = torch.from_numpy(np.array(array))
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": groups})

    @contextmanager
    def _drawing(self, key: int) -> Iterator[None]:
        """Random numbers drawn inside follow the key; those outside go on as they were."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(key & (2**63 - 1))
            yield

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.require(array, requirements=("C", "W"))).to(self.device)


def levels(images: NDArray[Any]) -> NDArray[np.float32]:
    """Pixels, levels 0..255, as real numbers 0 to 1."""
    return np.asarray(images, np.float32) / np.float32(255)


def _array(tensor: Tensor) -> NDArray[Any]:
    """A copy."""
    return tensor.detach().cpu().numpy().copy()

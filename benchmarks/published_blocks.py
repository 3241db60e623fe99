"""Networks of three public codes and ours with the same weights and images: for `energy_peers.py`.

    1. github.com/Laborieux-Axel/Equilibrium-Propagation: synchronous steps, by automatic differentiation
    2. github.com/rain-neuromorphics/energy-based-learning: even and odd layers in turn
    3. github.com/rain-neuromorphics/hybrid_bp_ep_official: the same in blocks, each fed by the one below

Nothing of them is copied: their folder is on the path of modules, and their own functions do the steps.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import torch
import yaml
from energy_cases import Case, Pair, from_library, pairs_of, parameters, small_network
from torch import Tensor, nn

from eqspike.nn import EnergyBlock
from eqspike.nn.normalisation import BatchNorm


def largest(before: Sequence[Tensor], after: Sequence[Tensor]) -> Tensor:
    """The largest change of a state of each sample."""
    moved = [(a - b).abs().flatten(1).amax(1) for a, b in zip(before, after, strict=True)]
    return torch.stack(moved).amax(0).detach()


def share(moved: Tensor, force: Tensor) -> float:
    """The largest change, as a share of the largest component of a force."""
    return float(moved.max() / force.detach().abs().max())


def published(module: str) -> Any:
    """A module of the published code."""
    return importlib.import_module(module)


@dataclass(frozen=True)
class Synchronous:
    """A network of the first code and a batch.

    Attributes:
        code: its module; phases: free and nudged steps; centered: whether there is a phase at -beta too.
    """

    code: Any
    model: Any
    x: Tensor
    y: Tensor
    phases: tuple[int, int]
    beta: float
    centered: bool
    criterion: nn.Module

    def run(self, states: list[Tensor], steps: int, beta: float) -> list[Tensor]:
        """States after so many steps."""
        found = self.model(self.x, self.y, states, steps, beta=beta, criterion=self.criterion)
        return self.code.copy(found)  # type: ignore[no-any-return]

    def start(self) -> list[Tensor]:
        """States at zero."""
        return self.model.init_neurons(len(self.x), self.x.device)  # type: ignore[no-any-return]

    def step(self) -> None:
        """The body of the code's `train`."""
        free, nudged = self.phases
        rest = self.run(self.start(), free, 0.0)
        first, strengths = rest, (0.0, self.beta)
        second = self.run(self.code.copy(rest), nudged, self.beta)
        if self.centered:
            first, strengths = second, (self.beta, -self.beta)
            second = self.run(self.code.copy(rest), nudged, -self.beta)
        self.model.compute_syn_grads(self.x, self.y, first, second, strengths, self.criterion)

    def left(self) -> list[tuple[float, float]]:
        """See `Case.left`."""
        free, nudged = self.phases
        before = self.run(self.start(), free - 1, 0.0)
        rest = self.run(self.code.copy(before), 1, 0.0)
        energies = [
            self.model.Phi(self.x, self.y, rest, beta, self.criterion) for beta in (0.0, self.beta)
        ]
        force = torch.autograd.grad((energies[0] - energies[1]).sum(), rest[-1])[0]
        shares = []
        for beta in (self.beta, -self.beta) if self.centered else (self.beta,):
            close = self.run(self.code.copy(rest), nudged - 1, beta)
            after = self.run(self.code.copy(close), 1, beta)
            shares.append(share(largest(close, after), force))
        return [(float(largest(before, rest).max()), max(shares))]

    def pairs(self, stack: nn.Sequential) -> list[Pair]:
        """With ours; a read-out is the last module of a stack of more than the block."""
        layers = list(self.model.synapses)
        read_out = [*layers.pop().parameters()] if self.model.softmax else []
        theirs = [*(each.weight for each in layers), *(each.bias for each in layers), *read_out]
        ours = [*parameters(stack[0]), *(stack[-1].parameters() if read_out else ())]
        return pairs_of(theirs, ours)


def small_synchronous() -> Case:
    """32 and 64 channels: the settings of `check/train_mnist_cnn.sh`."""
    code = published("model_utils")
    pools = code.make_pools("mm")
    model = code.P_CNN(
        28, [1, 32, 64], [5, 5], [1, 1], [10], pools, [0, 0], activation=code.hard_sigmoid
    )
    stack, batches, loss = small_network()
    theirs = Synchronous(
        code, model, *batches(0), (200, 10), 0.4, False, nn.MSELoss(reduction="none")
    )
    pairs = theirs.pairs(stack)
    return Case(
        stack, batches, loss, ("200 + 10", 200, 10), "synchronous", pairs, theirs.step, theirs.left
    )


def vgg5() -> Case:
    """128, 256, 512 and 512 channels below a read-out: the settings of its README for the cross-entropy."""
    code = published("model_utils")
    model = code.P_CNN(
        32, [3, 128, 256, 512, 512], [3] * 4, [1] * 4, [10], code.make_pools("mmmm"), [1, 1, 1, 0],
        activation=code.my_hard_sig, softmax=True,
    )  # fmt: skip
    stack, batches, loss = from_library("ep-vgg5", "cifar10-sample")
    theirs = Synchronous(
        code, model, *batches(0), (250, 25), 1.0, True, nn.CrossEntropyLoss(reduction="none")
    )
    pairs = theirs.pairs(stack)
    return Case(
        stack,
        batches,
        loss,
        ("250 + 2 x 25", 250, 25),
        "synchronous",
        pairs,
        theirs.step,
        theirs.left,
    )


@dataclass(frozen=True)
class Hopfield:
    """A network of the second code and a batch.

    Attributes:
        cost: of its outputs; energy: of network and cost; free, nudged: what relaxes to their minimum.
    """

    network: Any
    cost: Any
    energy: Any
    free: Any
    nudged: Any
    x: Tensor
    y: Tensor
    beta: float

    def last(self, relaxing: Any) -> Tensor:
        """The largest change of each sample in the last step of a phase."""
        steps = relaxing.num_iterations
        relaxing.num_iterations = steps - 1
        before = [*relaxing.compute_equilibrium().values()]
        relaxing.num_iterations = 1
        after = [*relaxing.compute_equilibrium().values()]
        relaxing.num_iterations = steps
        return largest(before, after)

    def left(self) -> list[tuple[float, float]]:
        """See `Case.left`."""
        self.network.set_input(self.x, reset=True)
        moved, shares = self.last(self.free), []
        self.cost.set_target(self.y)
        layers = self.energy.layers()
        rest, force = [layer.state for layer in layers], self.beta * self.cost._grad_layer()
        for strength in (-self.beta, self.beta):
            self.energy.nudging = strength
            for layer, state in zip(layers, rest, strict=True):
                layer.state = state
            shares.append(share(self.last(self.nudged), force))
        return [(float(moved.max()), max(shares))]


def hopfield() -> Case:
    """128, 256, 512 and 512 channels: the code's comparative study, by its Trainer with an idle optimiser."""
    network, function, cost, minimizer, sgd, epoch = map(
        published,
        ("model.hopfield.network", "model.function.network", "model.function.cost",
         "model.hopfield.minimizer", "training.sgd", "training.epoch"),
    )  # fmt: skip
    beta = 0.25
    stack, batches, loss = from_library("dchn-mnist", "mnist", beta=beta)
    energy = network.ConvHopfieldEnergy32(1, 10)
    energy.set_device("cpu")
    net, error = function.Network(energy), cost.SquaredError(energy.layers()[-1])
    augmented = sgd.AugmentedFunction(energy, error)
    free, nudged = (
        minimizer.FixedPointMinimizer(each, net.free_layers(), num_iterations=steps)
        for each, steps in ((energy, 60), (augmented, 15))
    )
    known = energy.params()
    estimator = sgd.EquilibriumProp(
        known, energy.layers(), augmented, error, nudged, "centered", beta
    )
    trainer = epoch.Trainer(net, error, known, [batches(0)], estimator, MagicMock(), free)
    theirs = Hopfield(net, error, augmented, free, nudged, *batches(0), beta)
    pairs = pairs_of([each.state for each in known[5:] + known[:5]], parameters(stack[0]))
    pairs[4].seen = lambda tensor: tensor.flatten(0, 2).t()
    return Case(
        stack, batches, loss, ("60 + 2 x 15", 60, 15), "even-odd", pairs, trainer.run, theirs.left
    )


class Section(dict):  # type: ignore[type-arg]
    """A section of a configuration whose keys are attributes too."""

    def __getattr__(self, key: str) -> Any:
        return self[key]

    @classmethod
    def of(cls, node: Any) -> Any:
        """With all that is in it."""
        if isinstance(node, dict):
            return cls({key: cls.of(value) for key, value in node.items()})
        return [cls.of(each) for each in node] if isinstance(node, list) else node


class Watched:
    """A stepper of the published code that keeps states before and after its last step at each nudge."""

    def __init__(self, stepper: Any) -> None:
        self.stepper = stepper
        self.last: dict[float, tuple[Any, ...]] = {}

    def __call__(self, block: Any, x: Tensor, states: list[Tensor], **how: Any) -> list[Tensor]:
        before = list(states)
        after: list[Tensor] = self.stepper(block, x, states, **how)
        self.last[how.get("beta", 0.0)] = before, after, how
        return after

    def left(self) -> tuple[float, float]:
        """See `Case.left`."""
        names, shares = ("loss_fn", "readout", "error_current", "beta", "y"), []
        for beta in (strength for strength in self.last if strength):
            before, after, how = self.last[beta]
            outputs = self.last[0.0][1][-1].detach().clone()
            force = self.stepper.error_signal(*(how[name] for name in names), outputs)
            shares.append(share(largest(before, after), force))
        return float(largest(*self.last[0.0][:2]).max()), max(shares)


def stack_of_blocks(model: str, described: str) -> Case:
    """Blocks: the code's small splittings, by its own algorithm."""
    models, algorithms = published("src.models"), published("src.algorithms")
    folder = Path(algorithms.__file__).parents[2] / "hydra_conf" / "model"
    section = Section.of(yaml.safe_load((folder / f"{described}.yaml").read_text()))
    net = models.getModel("vgg", section, "cpu", input_size=32, num_classes=10)
    algorithm, criterion = algorithms.EP(beta=0.2, T2=20), nn.CrossEntropyLoss(reduction="none")
    stack, batches, loss = from_library(model, "cifar10-sample")
    x, y = batches(0)

    def step() -> None:
        algorithm.run(net, x, y, criterion)

    def left() -> list[tuple[float, float]]:
        watched = [Watched(block._stepper) for block in net.blocks]
        for block, watch in zip(net.blocks, watched, strict=True):
            block._stepper = watch
        step()
        for block, watch in zip(net.blocks, watched, strict=True):
            block._stepper = watch.stepper
        return [watch.left() for watch in watched]

    net(x, net.initialize_neurons(x))  # makes the read-out
    normal = [number for number, module in enumerate(stack) if isinstance(module, BatchNorm)]
    for number in normal[1:]:  # the published code has one before the first block alone
        stack[number] = nn.Identity()
    pairs = pairs_of_blocks(net, stack)
    return Case(stack, batches, loss, ("60 + 2 x 20", 60, 20), "even-odd", pairs, step, left)


def pairs_of_blocks(net: Any, stack: nn.Sequential) -> list[Pair]:
    """Read-outs, feeds and blocks."""
    feeds = [module for module in stack if isinstance(module, nn.Conv2d)]
    ours = [module for module in stack if isinstance(module, EnergyBlock)]
    pairs = pairs_of([*net.readout.parameters()], [*stack[-1].parameters()])
    for number, (block, feed, own) in enumerate(zip(net.blocks, feeds, ours, strict=True)):
        first, *others = block.synapses
        bias = first.bias if number else block.feedforward[2].bias
        theirs = [*(each.weight for each in others), bias, *(each.bias for each in others)]
        pairs += pairs_of([first.weight, *theirs], [feed.weight, *parameters(own)])
    return pairs

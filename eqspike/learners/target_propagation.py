"""Difference target propagation as a learner: `nn.TargetPropagation`, whose feedback learns on each batch.

    warm-up     the first `warm_up` batches train the feedback alone
    then        forwards, one step of the feedback, backwards by targets, one step of the optimiser

Gradients are beta times backpropagation's where the feedback is exact, so a rate is like backpropagation's after
division by beta. Ernoult et al., ICML 2022 (arXiv:2201.13415); settings: `nn.target_propagation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from eqspike.core.config import Section
from eqspike.learners.devices import read_device
from eqspike.learners.feedback import FeedbackFollower
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.losses import entropy
from eqspike.learners.networks import NetworkRecipe
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.registry import Recipe
from eqspike.nn.target_propagation import IteratedFeedback, SolvedFeedback, TargetPropagation
from eqspike.nn.target_propagation.activations import CHOICES
from eqspike.nn.target_propagation.losses import LOSSES
from eqspike.nn.target_propagation.module import TARGETS

FEEDBACKS = ("solved", "iterated")
ACTIVATIONS = ("elu", "relu", "tanh", "sigmoid")
"""Of a fully connected network: those that have a mirror."""


@dataclass(frozen=True)
class TargetRecipe(Recipe):
    """A network, its feedback, and how both learn.

    Attributes:
        beta, targets, activation: see `nn.TargetPropagation`.
        feedback: one of `FEEDBACKS`; settings: of `SolvedFeedback` or `IteratedFeedback`.
        warm_up: batches that train the feedback alone.
    """

    network: NetworkRecipe
    optimiser: OptimiserRecipe
    beta: float
    targets: str
    activation: str
    feedback: str
    warm_up: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "dtp"
    presented: ClassVar[str] = "images"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> TargetRecipe:
        """Read a model's `learner` section of kind `dtp`.

        Raises:
            ConfigError: for an unknown kind or key, or a value out of range.
        """
        section.explain(
            feedback="the feedback network, and how it learns",
            beta="how far the output's target is from the output; gradients are proportional to it",
            targets="`difference`: corrected by how well a layer is reconstructed; `plain`: not corrected",
        )
        network = NetworkRecipe.read(section, ACTIVATIONS, "elu")
        own = section.section("feedback")
        own.explain(
            kind="`solved`: in closed form, from running averages; `iterated`: by gradient descent on each batch",
            activation="of the feedback: `same` as the network's, or `matched`, with its slope",
        )
        own.explain(
            warm_up="batches at the start that train the feedback alone",
        )
        kind = own.choice("kind", FEEDBACKS, FEEDBACKS[0])
        with torch.device("meta"):  # only the shape is wanted
            layers = len(TargetPropagation(network.module()).mirrors)
        warm_up = own.integer("warm_up", 0, low=0, high=1_000_000)
        activation = own.choice("activation", CHOICES, "matched")
        settings = _read_solved(own) if kind == FEEDBACKS[0] else _read_iterated(own, layers)
        own.close()
        return TargetRecipe(
            network,
            OptimiserRecipe.read(training),
            section.number("beta", 0.5, above=0, high=100),
            section.choice("targets", TARGETS, TARGETS[0]),
            activation, kind, warm_up, settings,
        )  # fmt: skip

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with backpropagation's initial weights, drawn from `seed`, as are feedback and noise."""
        del stages
        module = self.module(seed).to(read_device(device))
        make = SolvedFeedback if self.feedback == FEEDBACKS[0] else IteratedFeedback
        feedback = make(module, **self.settings, seed=seed)
        follower = FeedbackFollower(feedback, self.settings.get("loss", ""), self.warm_up)
        images = self.network.images
        return GradientLearner(
            module, self.optimiser.of, entropy, images, follower, device, images.augmented
        )

    def module(self, seed: int = 0) -> TargetPropagation:
        """The network with its feedback."""
        return TargetPropagation(
            self.network.module(seed), self.beta, self.targets, self.activation, seed=seed
        )

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        return self.network.misfit(input_shape, outputs)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self.module().named_parameters()}


def _read_solved(section: Section) -> dict[str, Any]:
    section.explain(
        clip="largest change of the feedback weights in a step, as a fraction of their norm; left out: any",
        decay="of the running averages per observed batch",
        noise="standard deviation of the noise, as a fraction of the values it is added to (root mean square)",
        ridge="regularisation of the solution, as a fraction of the mean of the matrix's diagonal",
        interval="steps from one observed batch to the next",
        follow="whether each change of the forward weights is added to the feedback weights as well",
    )
    clip = section.number("clip", above=0, high=1e6) if section.has("clip") else None
    return {
        "decay": section.number("decay", 0.99, low=0, high=0.999999),
        "noise": section.number("noise", 0.1, above=0, high=100),
        "ridge": section.number("ridge", 0.1, low=0, high=100),
        "interval": section.integer("interval", 1, low=1, high=1_000_000),
        "clip": clip,
        "follow": section.flag("follow", True),
    }


def _read_iterated(section: Section, layers: int) -> dict[str, Any]:
    """`iterations`, `noise` and `rate` are lists: one number for each layer but the first, input side first."""
    section.explain(
        iterations="steps of gradient descent per batch, one number per feedback layer",
        noise="standard deviation of the noise, one per feedback layer",
        rate="learning rate of the feedback weights, one per feedback layer",
        loss="what the feedback weights minimise",
        samples="draws of the noise per step",
    )
    iterations = section.integers("iterations", low=1, high=1_000_000, length=layers)
    settings = {
        key: section.numbers(key, length=layers, above=0, high=1e6) for key in ("noise", "rate")
    }
    return {
        "loss": section.choice("loss", tuple(LOSSES), "l-drl"),
        "iterations": iterations,
        **settings,
        "samples": section.integer("samples", 1, low=1, high=10_000),
    }

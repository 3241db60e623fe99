"""The feedforward networks of learners, as a description names them: backpropagation and target propagation share
their initial weights.

    fully-connected   layers: [784, 512, 10], with an activation between each two
    lenet, vgg        of `nn.networks`, with `image`, `padding`, `outputs` and for vgg `channels`; ELU
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from eqspike.core.config import Section
from eqspike.learners.fit import misfit_of_layers, misfit_of_outputs, together
from eqspike.learners.images import ImageReader, read_deviation, read_mean
from eqspike.nn.networks import VGG_CHANNELS, fully_connected, lenet, vgg

NETWORKS = ("fully-connected", "lenet", "vgg")

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "hard-sigmoid": nn.Hardsigmoid,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


@dataclass(frozen=True)
class NetworkRecipe:
    """A network and what it sees.

    Attributes:
        kind: one of `NETWORKS`.
        images: how levels become its inputs.
        outputs: classes, or values.
        layers, activation: of a fully connected network: neurons, input first; key of `ACTIVATIONS`.
        channels: of the convolutions of `vgg`.
    """

    kind: str
    images: ImageReader
    outputs: int
    layers: tuple[int, ...] = ()
    activation: str = "elu"
    channels: tuple[int, ...] = field(default=VGG_CHANNELS)

    @staticmethod
    def read(section: Section, activations: Sequence[str], activation: str) -> NetworkRecipe:
        """Read `network` and its keys; `activations` may be chosen from, `activation` is the default.

        Raises:
            ConfigError: for an unknown network or key, or a value out of range.
        """
        section.explain(
            network="architecture",
            layers="neurons of each layer, input first",
            activation="between each two layers",
            outputs="number of classes",
            channels="of each convolution of `vgg`",
            mean="subtracted from the inputs, which are levels / 255",
            deviation="what the inputs are divided by after that",
        )
        kind = section.choice("network", NETWORKS, NETWORKS[0])
        if kind == NETWORKS[0]:
            layers = section.integers("layers", low=1, high=1_000_000, least=2)
            mean, deviation = read_mean(section, 1), read_deviation(section, 1)
            images = ImageReader((1, layers[0]), 0, True, mean, deviation)
            chosen = section.choice("activation", activations, activation)
            return NetworkRecipe(kind, images, layers[-1], layers, chosen)
        images = ImageReader.read(section)
        if images.flat:
            raise section.error("flat", f"false where network is {kind}")
        outputs = section.integer("outputs", 10, low=1, high=100_000)
        channels: tuple[int, ...] = VGG_CHANNELS
        if kind == "vgg" and section.has("channels"):
            channels = section.integers("channels", low=1, high=65536)
        made = NetworkRecipe(kind, images, outputs, channels=channels)
        if not made._takes(images):
            rule = f"at least {made._side} rows and columns, padding included"
            raise section.error("image", rule)
        return made

    @property
    def _side(self) -> int:
        """Rows and columns that images have at least."""
        return 4 if self.kind == "lenet" else 2 ** len(self.channels)

    def _takes(self, images: ImageReader) -> bool:
        return min(images.shape[1:]) >= self._side

    def module(self, seed: int = 0) -> nn.Sequential:
        """The network with PyTorch's initial weights, drawn from `seed`."""
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return self._made()

    def _made(self) -> nn.Sequential:
        if self.kind == NETWORKS[0]:
            _, *rest = fully_connected(self.layers, ACTIVATIONS[self.activation]).children()
            return nn.Sequential(*rest)
        channels, rows, columns = self.images.shape
        if self.kind == "lenet":
            return lenet((channels, rows, columns), self.outputs)
        return vgg((channels, rows, columns), self.outputs, self.channels)

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        if self.layers:
            return misfit_of_layers(self.layers, input_shape, outputs)
        return together(
            misfit_of_outputs(self.outputs, outputs, "learner.outputs"),
            self.images.misfit(input_shape, self._takes),
        )

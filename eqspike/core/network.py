"""What is wired: layers and the couplings between successive layers. No weights, no algorithm, no engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eqspike.core.config import Section
from eqspike.core.convolution import KINDS, Convolution, Shape
from eqspike.core.errors import ConfigError


@dataclass(frozen=True)
class Layer:
    """A population of equal neurons.

    Attributes:
        name: unique name, used in counts, weights and reports.
        size: number of neurons, at least 1.
        maps: (channels, rows, columns) of a layer of maps, whose neurons are numbered in this order; else empty.
    """

    name: str
    size: int
    maps: Shape = ()

    @property
    def biases(self) -> int:
        """Number of biases: one for each neuron, or for each channel of a layer of maps."""
        return self.maps[0] if self.maps else self.size


@dataclass(frozen=True)
class Coupling:
    """Symmetric connections between two layers: one weight serves both directions.

    The weight array has shape (presynaptic size, postsynaptic size). The backward direction exists only
    when the presynaptic layer is not clamped: a clamped layer does not listen.

    Attributes:
        convolution: how layers of maps are coupled; None where every neuron is coupled with every neuron.
    """

    pre: Layer
    post: Layer
    bidirectional: bool
    convolution: Convolution | None = None

    @property
    def name(self) -> str:
        """Name of the undirected coupling, such as `input-hidden`."""
        return f"{self.pre.name}-{self.post.name}"

    @property
    def shape(self) -> Shape:
        """Shape of the weight array: (presynaptic, postsynaptic).

        That of a convolution has two axes more: (presynaptic channels, rows, columns, postsynaptic channels).
        """
        if self.convolution is None:
            return (self.pre.size, self.post.size)
        kernel = self.convolution.kernel
        return (self.pre.maps[0], kernel, kernel, self.post.maps[0])

    @property
    def weights(self) -> int:
        """Number of stored weights."""
        return math.prod(self.shape)

    @property
    def fan_in(self) -> int:
        """Number of weights that end in one postsynaptic neuron, before pooling."""
        return math.prod(self.shape[:-1])

    def synapses(self, backward: bool = False) -> int:
        """Number of connections that carry a rate in a step: weights, each as often as it is used.

        Max pooling sends each rate down through one kernel, in the place that was picked; there, taps that reach
        into the padding are counted as well.
        """
        if self.convolution is None:
            return self.weights
        if backward and self.convolution.pooling.kind == "max":
            return self.fan_in * self.post.size
        pairs = self.pre.maps[0] * self.post.maps[0]
        return pairs * int(self.convolution.reach(self.pre.maps).sum())

    @property
    def directions(self) -> tuple[str, ...]:
        """Names of the directed couplings, such as `hidden->output` and `output->hidden`."""
        forward = f"{self.pre.name}->{self.post.name}"
        backward = f"{self.post.name}->{self.pre.name}"
        return (forward, backward) if self.bidirectional else (forward,)


@dataclass(frozen=True)
class Network:
    """A chain of layers; the first is clamped to the input, the last is read out and nudged.

    Attributes:
        convolutions: of each coupling from the input, None where it is dense; empty if all are.
        one_way: whether no coupling runs back, as in a feedforward network that was trained elsewhere.
    """

    layers: tuple[Layer, ...]
    convolutions: tuple[Convolution | None, ...] = ()
    one_way: bool = False

    @property
    def input(self) -> Layer:
        """The clamped first layer."""
        return self.layers[0]

    @property
    def output(self) -> Layer:
        """The nudged last layer."""
        return self.layers[-1]

    @property
    def free_layers(self) -> tuple[Layer, ...]:
        """All layers with dynamics: every layer but the clamped input."""
        return self.layers[1:]

    @property
    def couplings(self) -> tuple[Coupling, ...]:
        """Couplings from input to output; only those between free layers run both ways, if any do."""
        convolutions = self.convolutions or (None,) * (len(self.layers) - 1)
        parts = zip(self.layers[:-1], self.layers[1:], convolutions, strict=True)
        return tuple(
            Coupling(pre, post, i > 0 and not self.one_way, how)
            for i, (pre, post, how) in enumerate(parts)
        )

    @property
    def synapses(self) -> int:
        """Number of undirected weights."""
        return sum(coupling.weights for coupling in self.couplings)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)


def layered(
    sizes: Sequence[int | Shape], convolutions: Sequence[Convolution | None] = ()
) -> Network:
    """Network of layers with the field's usual names, fully connected where nothing else is said.

    Args:
        sizes: number of neurons of each layer, or its (channels, rows, columns), input first; at least an input, a
            hidden and an output layer.
        convolutions: of each coupling from the input, None where it is dense.

    Raises:
        ConfigError: with fewer than three layers, a size below 1, or sizes that do not fit the convolutions.
    """
    shapes = [(size,) if isinstance(size, int) else tuple(size) for size in sizes]
    if len(shapes) < 3 or min(min(shape) for shape in shapes) < 1:
        raise ConfigError(
            "layers must be at least three sizes (input, hidden, output), each 1 or more, got "
            f"{[size if isinstance(size, int) else list(size) for size in sizes]}"
        )
    hidden = len(shapes) - 2
    names = ["hidden"] if hidden == 1 else [f"hidden{index + 1}" for index in range(hidden)]
    layers = [
        Layer(name, math.prod(shape), shape if len(shape) == 3 else ())
        for name, shape in zip(["input", *names, "output"], shapes, strict=True)
    ]
    network = Network(tuple(layers), tuple(convolutions) if any(convolutions) else ())
    for index, coupling in enumerate(network.couplings):
        _check(index, coupling)
    if network.output.maps:
        raise ConfigError(
            f"the output layer must be a number of neurons, got maps {list(network.output.maps)}"
        )
    return network


def read_network(section: Section) -> Network:
    """Read a model's `layers`, and its `couplings` where not all are dense.

    Raises:
        ConfigError: for sizes that are impossible or do not fit each other.
    """
    section.explain(
        layers="neurons of each layer, input first, or `[channels, rows, columns]` of a layer of maps",
        couplings="one between each two layers; left out: all are dense",
    )
    sizes = section.shapes("layers", low=1, high=1_000_000)
    key = "couplings" if section.has("couplings") else "layers"
    parts = section.sections("couplings", ())
    if key == "couplings" and len(parts) != len(sizes) - 1:
        raise section.error("couplings", f"a list of {len(sizes) - 1}, one between two layers")
    convolutions = []
    for part in parts:
        part.explain(
            kind="how the two layers are coupled",
        )
        kind = part.choice("kind", KINDS)
        convolutions.append(Convolution.read(part) if kind == "convolution" else None)
        part.close()
    try:
        return layered(sizes, convolutions)
    except ConfigError as error:
        raise section.refusal(key, error) from error


def _check(index: int, coupling: Coupling) -> None:
    """Refuse a coupling whose layers do not fit it.

    Raises:
        ConfigError: saying what would fit.
    """
    how, pre, post = coupling.convolution, coupling.pre, coupling.post
    where = f"coupling {index} ({coupling.name})"
    if how is None:
        if post.maps:
            raise ConfigError(
                f"{where} is dense and must end in a number of neurons, got maps {list(post.maps)}; write "
                f"{post.size}, or make the coupling a convolution"
            )
        return
    if not pre.maps or not post.maps:
        layer = post if pre.maps else pre
        raise ConfigError(
            f"{where} is a convolution and needs layers of maps, [channels, rows, columns], got {layer.size} for "
            f"layer '{layer.name}'"
        )
    rows, columns = how.pooled(pre.maps)
    where += (
        f": a kernel of {how.kernel} with padding {how.padding} and pooling by {how.pooling.size}"
    )
    if min(rows, columns) < 1:
        raise ConfigError(
            f"{where} leaves nothing of {pre.maps[1]} rows and {pre.maps[2]} columns; make them smaller"
        )
    if post.maps[1:] != (rows, columns):
        raise ConfigError(
            f"{where} makes {rows} rows and {columns} columns of {pre.maps[1]} and {pre.maps[2]}, got layer "
            f"'{post.name}' of {list(post.maps)}; write [{post.maps[0]}, {rows}, {columns}]"
        )

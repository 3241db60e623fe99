"""What is wired: layers and the couplings between successive layers. No weights, no algorithm, no engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eqspike.core.errors import ConfigError


@dataclass(frozen=True)
class Layer:
    """A population of equal neurons.

    Attributes:
        name: unique name, used in counts, weights and reports.
        size: number of neurons, at least 1.
    """

    name: str
    size: int


@dataclass(frozen=True)
class Coupling:
    """Symmetric connections between two layers: one weight serves both directions.

    The weight array has shape (presynaptic size, postsynaptic size). The backward direction exists only
    when the presynaptic layer is not clamped: a clamped layer does not listen.
    """

    pre: Layer
    post: Layer
    bidirectional: bool

    @property
    def name(self) -> str:
        """Name of the undirected coupling, such as `input-hidden`."""
        return f"{self.pre.name}-{self.post.name}"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the weight array: (presynaptic, postsynaptic)."""
        return (self.pre.size, self.post.size)

    @property
    def directions(self) -> tuple[str, ...]:
        """Names of the directed couplings, such as `hidden->output` and `output->hidden`."""
        forward = f"{self.pre.name}->{self.post.name}"
        backward = f"{self.post.name}->{self.pre.name}"
        return (forward, backward) if self.bidirectional else (forward,)


@dataclass(frozen=True)
class Network:
    """A chain of layers; the first is clamped to the input, the last is read out and nudged."""

    layers: tuple[Layer, ...]

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
        """Couplings from input to output; only those between free layers run both ways."""
        pairs = zip(self.layers[:-1], self.layers[1:], strict=True)
        return tuple(Coupling(pre, post, index > 0) for index, (pre, post) in enumerate(pairs))

    @property
    def synapses(self) -> int:
        """Number of undirected weights."""
        return sum(coupling.shape[0] * coupling.shape[1] for coupling in self.couplings)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)


def layered(sizes: tuple[int, ...]) -> Network:
    """Network of fully connected layers with the field's usual names.

    Args:
        sizes: number of neurons of each layer, input first; at least an input, a hidden and an output layer.

    Raises:
        ConfigError: with fewer than three layers or a size below 1.
    """
    if len(sizes) < 3 or min(sizes) < 1:
        raise ConfigError(
            f"layers must be at least three sizes (input, hidden, output), each 1 or more, got {list(sizes)}"
        )
    hidden = len(sizes) - 2
    names = ["hidden"] if hidden == 1 else [f"hidden{index + 1}" for index in range(hidden)]
    return Network(
        tuple(Layer(n, s) for n, s in zip(["input", *names, "output"], sizes, strict=True))
    )

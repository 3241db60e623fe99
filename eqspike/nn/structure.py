"""What an energy block is made of: layers in a chain, and couplings that skip some of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

from torch import Tensor

from eqspike.core.amounts import check_number, check_whole
from eqspike.core.convolution import Convolution
from eqspike.core.errors import ConfigError
from eqspike.core.network import Coupling as Wiring
from eqspike.core.network import Layer
from eqspike.nn.activations import SQUASHES
from eqspike.nn.convolution import Convolutional
from eqspike.nn.couplings import Coupling, Dense, Identity
from eqspike.nn.kernels import Kernel

By = Convolution | str
"""How a layer hangs on another: a convolution, `dense`, or `identity`, each neuron on the one at its place."""


@dataclass(frozen=True)
class EnergyLayer:
    """A free layer and how it hangs on the one below.

    Attributes:
        size: neurons, or channels where `by` is a convolution; not given for `identity`.
        activation: key of `nn.activations.SQUASHES`.
        gain: weights and biases start uniform in +- gain / sqrt(fan-in).
    """

    size: int = 0
    by: By = "dense"
    activation: str = "hard-sigmoid"
    gain: float = 0.5

    def __post_init__(self) -> None:
        """Refuse numbers of the wrong kind: whether they fit the layers around is for the block to say.

        Raises:
            ConfigError: with the value.
        """
        check_whole("EnergyLayer: size", self.size, 0)
        check_number("EnergyLayer: gain", self.gain, low=0)


@dataclass(frozen=True)
class Skip:
    """A coupling between two free layers, counted from 0, that are not neighbours."""

    lower: int
    upper: int
    by: By = "identity"
    gain: float = 0.5

    def __post_init__(self) -> None:
        """Refuse numbers of the wrong kind.

        Raises:
            ConfigError: with the value.
        """
        check_whole("Skip: lower", self.lower, 0)
        check_whole("Skip: upper", self.upper, 0)
        check_number("Skip: gain", self.gain, low=0)


@dataclass(frozen=True)
class Wire:
    """One coupling of a block.

    Attributes:
        lower, upper: free layers, counted from 0; lower is -1 for the clamped input.
    """

    lower: int
    upper: int
    by: By
    gain: float
    wiring: Wiring

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weights, the upper layer first; empty if there are none."""
        return () if self.by == "identity" else (self.wiring.shape[-1], *self.wiring.shape[:-1])

    def make(self, weight: Tensor, back: Tensor | None, handicap: float) -> Coupling:
        """The coupling with these weights, which stay; of an identity, `weight` says the number format."""
        if isinstance(self.by, Convolution):
            padding = self.by.padding
            backward = None if back is None else Kernel(back, padding, fixed=True)
            return Convolutional(
                self.wiring, Kernel(weight, padding, fixed=True), backward, handicap
            )
        return Identity(weight) if self.by == "identity" else Dense(weight, back)

    def products(self) -> int:
        """Multiply-accumulates of one use in one direction, padding included."""
        if isinstance(self.by, Convolution):
            return math.prod(self.by.convolved(self.wiring.pre.maps)) * math.prod(self.shape)
        return self.wiring.pre.size * (1 if self.by == "identity" else self.wiring.post.size)

    def products_of_one(self) -> tuple[int, int]:
        """Multiply-accumulates that one active neuron causes above, and one above causes below."""
        if isinstance(self.by, Convolution):
            kernel = self.by.kernel**2
            spread = self.by.pooling.size**2 if self.by.pooling.kind == "average" else 1
            return self.shape[0] * kernel, self.shape[1] * kernel * spread
        return (1, 1) if self.by == "identity" else self.shape[:2]  # type: ignore[return-value]


@dataclass(frozen=True)
class Structure:
    """Layers and couplings of a block; the first of `wires` is the input's."""

    input: Layer
    layers: tuple[Layer, ...]
    activations: tuple[str, ...]
    wires: tuple[Wire, ...]

    @staticmethod
    def of(
        shape: Sequence[int], layers: Sequence[EnergyLayer], skips: Sequence[Skip] = ()
    ) -> Structure:
        """Of an input of this shape: (neurons,) or (channels, rows, columns).

        Raises:
            ConfigError: for a layer or a skip that does not fit.
        """
        _expect_types(shape, layers)
        if len(shape) not in (1, 3) or min(shape) < 1 or not layers:
            raise ConfigError(
                "an energy block needs an input of (neurons,) or (channels, rows, columns) and at least one "
                f"layer, got {tuple(shape)} and {len(layers)} layers"
            )
        below = first = Layer("input", math.prod(shape), tuple(shape) if len(shape) == 3 else ())
        made: list[Layer] = []
        wires: list[Wire] = []
        for number, layer in enumerate(layers):
            if layer.activation not in SQUASHES:
                raise ConfigError(
                    f"layer {number}: activation must be one of {', '.join(SQUASHES)}, got '{layer.activation}'"
                )
            name = "output" if number == len(layers) - 1 else f"hidden{number + 1}"
            above = _above(name, below, layer.size, layer.by, f"layer {number}")
            wiring = _wiring(below, above, layer.by, number > 0)
            wires.append(Wire(number - 1, number, layer.by, layer.gain, wiring))
            made.append(above)
            below = above
        wires += [_skip(skip, made) for skip in skips]
        return Structure(
            first, tuple(made), tuple(layer.activation for layer in layers), tuple(wires)
        )


def _wiring(below: Layer, above: Layer, by: By, bidirectional: bool) -> Wiring:
    return Wiring(below, above, bidirectional, by if isinstance(by, Convolution) else None)


def _above(name: str, below: Layer, size: int, by: By, where: str) -> Layer:
    """The layer that a coupling makes of the one below.

    Raises:
        ConfigError: where it makes none.
    """
    if by == "identity":
        if size not in (0, below.size):
            raise ConfigError(
                f"{where}: an identity keeps the {below.size} neurons below, got size {size}"
            )
        return Layer(name, below.size, below.maps)
    if size < 1:
        raise ConfigError(f"{where}: size must be 1 or more, got {size}")
    if by == "dense":
        return Layer(name, size)
    if not isinstance(by, Convolution):
        raise ConfigError(f"{where}: by must be 'dense', 'identity' or a Convolution, got {by!r}")
    if not below.maps:
        raise ConfigError(
            f"{where}: a convolution needs maps below, got {below.size} neurons of '{below.name}'"
        )
    rows, columns = by.pooled(below.maps)
    if min(rows, columns) < 1:
        raise ConfigError(
            f"{where}: kernel {by.kernel}, padding {by.padding} and pooling by {by.pooling.size} leave nothing of "
            f"{below.maps[1]} rows and {below.maps[2]} columns; make them smaller"
        )
    return Layer(name, size * rows * columns, (size, rows, columns))


def _skip(skip: Skip, layers: Sequence[Layer]) -> Wire:
    where = f"skip {skip.lower} to {skip.upper}"
    if not 0 <= skip.lower < skip.upper - 1 < len(layers) - 1:
        raise ConfigError(
            f"{where}: must lead up over at least one of the {len(layers)} layers, which are counted from 0"
        )
    below, above = layers[skip.lower], layers[skip.upper]
    size = above.maps[0] if isinstance(skip.by, Convolution) and above.maps else above.size
    size = 0 if skip.by == "identity" else size
    made = _above(above.name, below, size, skip.by, where)
    if (made.size, made.maps) != (above.size, above.maps):
        raise ConfigError(
            f"{where}: makes {list(made.maps) or made.size}, but layer {skip.upper} is "
            f"{list(above.maps) or above.size}; use another coupling"
        )
    return Wire(skip.lower, skip.upper, skip.by, skip.gain, _wiring(below, above, skip.by, True))


def _expect_types(shape: object, layers: object) -> None:
    if not isinstance(shape, Sequence) or any(
        isinstance(each, bool) or not isinstance(each, Integral) for each in shape
    ):
        raise ConfigError(
            "an energy block's shape must be a tuple of whole numbers, such as (64,) or (3, 32, 32), "
            f"got {shape!r}"
        )
    if not isinstance(layers, Sequence) or not all(
        isinstance(each, EnergyLayer) for each in layers
    ):
        raise ConfigError(
            "an energy block's layers must be a list of EnergyLayer, such as [EnergyLayer(128)], "
            f"got {layers!r}"
        )

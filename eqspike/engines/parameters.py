"""What an engine is handed: weights and biases by name, their start and their shapes, images and signs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.network import Network
from eqspike.core.random_stream import draws
from eqspike.engines.protocol import Arrays, Images, Keys, Labels, System

_SIGN_POSITION = np.uint64(1 << 63)


def refuse_convolutions(network: Network, engine: str) -> None:
    """Refuse convolutions in an engine that does not run them.

    Raises:
        UnsupportedError: naming the one that does.
    """
    if any(network.convolutions):
        raise UnsupportedError(
            f"engine '{engine}' does not run convolutions; only engine 'torch' does, with rate neurons"
        )


def initial_weights(system: System, seed: int) -> Arrays:
    """Uniform weights in +- gain / sqrt(fan-in), zero biases."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, 0xE9]))
    result: Arrays = {}
    for coupling, gain in zip(system.network.couplings, system.initial_gain, strict=True):
        bound = gain / np.sqrt(coupling.pre.size)
        result[coupling.name] = generator.uniform(-bound, bound, coupling.shape)
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = np.zeros(layer.size)
    return result


def nudge_signs(system: System, keys: Keys) -> NDArray[np.int64]:
    """Sign of beta in each presentation of a batch, 1 or -1: drawn from its key, in turn from 1, or always 1."""
    if system.rule.alternating:
        return 1 - 2 * (np.arange(len(keys)) % 2)
    if not system.rule.random_sign:
        return np.ones(len(keys), np.int64)
    return drawn_signs(keys)


def drawn_signs(keys: Keys) -> NDArray[np.int64]:
    """A sign for each presentation, 1 or -1, drawn from its key."""
    bits = draws(0, keys ^ _SIGN_POSITION) & np.uint64(1)
    return np.where(bits == 1, -1, 1)


def expected_shapes(system: System) -> dict[str, tuple[int, ...]]:
    """Shape of every stored array by name."""
    shapes: dict[str, tuple[int, ...]] = {c.name: c.shape for c in system.network.couplings}
    shapes.update({f"{layer.name}.bias": (layer.size,) for layer in system.network.free_layers})
    return shapes


def check_images(images: Images, pixels: int) -> None:
    """Kernels read memory unchecked, so what does not fit is refused before."""
    if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != pixels:
        raise ConfigError(
            f"images must be uint8 of shape (samples, {pixels}), got {images.dtype} of {images.shape}"
        )


def check_arrays(weights: Arrays, shapes: dict[str, tuple[int, ...]]) -> None:
    """Refuse weights with wrong names, shapes or values.

    Raises:
        ConfigError: saying which, and what was expected.
    """
    if set(weights) != set(shapes):
        raise ConfigError(f"weights must be named {sorted(shapes)}, got {sorted(weights)}")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ConfigError(
                f"weights '{name}' must have shape {shape}, got {weights[name].shape}"
            )
        if not np.isfinite(weights[name]).all():
            raise ConfigError(f"weights '{name}' must be finite, got NaN or infinity")


def check_labels(labels: Labels, samples: int, outputs: int) -> None:
    """Refuse a batch without samples, or labels that no output neuron stands for."""
    if samples == 0:
        raise ConfigError("a batch must hold at least one image, got none")
    if labels.shape != (samples,):
        raise ConfigError(
            f"labels must be one for each of {samples} images, got shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= outputs:
        raise ConfigError(
            f"labels must be from 0 to {outputs - 1}, got {labels.min()} to {labels.max()}"
        )

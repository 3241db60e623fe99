"""What engines refuse before anything runs: images, labels and networks that do not fit."""

from __future__ import annotations

import numpy as np

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Images, Labels
from eqspike.core.network import Network
from eqspike.core.neurons.registry import NEURONS
from eqspike.memory import MEMORIES
from eqspike.rules import RULES
from eqspike.systems.system import AnySystem, RateSystem


def refuse_convolutions(network: Network, engine: str) -> None:
    """Refuse convolutions in an engine that does not run them.

    Raises:
        UnsupportedError: naming the one that does.
    """
    if any(network.convolutions):
        raise UnsupportedError(
            f"engine '{engine}' does not run convolutions; only engine 'torch' does, with rate neurons"
        )


def refuse_added_parts(system: AnySystem, engine: str) -> None:
    """Refuse neurons, rules and memories that a built-in engine does not know: only exact classes are known.

    Raises:
        UnsupportedError: naming the part.
    """
    parts = ((NEURONS, system.neuron), (RULES, system.rule), (MEMORIES, system.memory))
    for registry, part in parts:
        if type(part) not in registry.built_in.values():
            raise UnsupportedError(
                f"engine '{engine}' does not run {registry.noun} '{part.kind}' ({type(part).__name__}), which is "
                f"not built in; use an engine that does, or {registry.noun}.kind "
                f"{' or '.join(registry.built_in)}"
            )


def check_images(images: Images, pixels: int) -> None:
    """Kernels read memory unchecked, so what does not fit is refused before."""
    if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != pixels:
        raise ConfigError(
            f"images must be uint8 of shape (samples, {pixels}), got {images.dtype} of {images.shape}"
        )


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


def refuse_unlike_messages(system: RateSystem, engine: str) -> None:
    """Refuse what engines that deliver messages one by one do not run.

    Raises:
        UnsupportedError: saying what works instead.
    """
    refuse_convolutions(system.network, engine)
    if system.precision == "bfloat16":
        raise UnsupportedError(
            f"engine '{engine}' computes in float32 or float64, got training.precision bfloat16; use engine "
            "'torch'"
        )
    system.messages.refuse_values(engine)

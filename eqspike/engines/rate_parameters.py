"""Weights and biases of a rate network by name: their shapes and their start."""

from __future__ import annotations

import numpy as np

from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Coupling
from eqspike.engines.parameters import check_arrays, refuse_convolutions
from eqspike.engines.protocol import Arrays, RateSystem
from eqspike.memory import Binary, Metaplastic


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


def backward_name(coupling: Coupling) -> str:
    """Name of separate backward weights, such as `output-hidden`, of shape (post, pre)."""
    return f"{coupling.post.name}-{coupling.pre.name}"


def initial_rate_weights(system: RateSystem, seed: int) -> Arrays:
    """Weights and biases uniform in +- gain / sqrt(fan-in); separate backward weights at their initial angle.

    Backward weights are the transposed forward ones, each with its sign turned with probability
    (1 - cos angle) / 2, which gives that angle on average (Ernoult et al., arXiv:2005.04168).
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed, 0xE9]))
    result: Arrays = {}
    for coupling, gain in zip(system.network.couplings, system.initial_gain, strict=True):
        bound = gain / np.sqrt(coupling.fan_in)
        result[coupling.name] = generator.uniform(-bound, bound, coupling.shape)
        result[f"{coupling.post.name}.bias"] = generator.uniform(
            -bound, bound, coupling.post.biases
        )
    turned = (1 - np.cos(np.deg2rad(system.feedback.initial_angle))) / 2
    for coupling in system.network.couplings:
        if system.feedback.separate and coupling.bidirectional:
            forward = result[coupling.name].T
            signs = np.where(generator.random(forward.shape) < turned, -1.0, 1.0)
            result[backward_name(coupling)] = forward * signs
    return result


def kept_names(system: RateSystem) -> list[dict[str, str]]:
    """Names of what the memory keeps beside the weights of each coupling, such as `input-hidden.inertia`."""
    if not isinstance(system.memory, (Binary, Metaplastic)):
        return []
    return [
        {kept: f"{coupling.name}.{kept}" for kept in system.memory.kept}
        for coupling in system.network.couplings
    ]


def kept_beside(system: RateSystem, weights: Arrays) -> Arrays:
    """What the memory keeps beside given weights, by name: as given among them, else its start.

    Raises:
        ConfigError: for a wrong shape or a value that is not finite.
    """
    memory, kept = system.memory, {}
    shapes: dict[str, tuple[int, ...]] = {}
    for coupling, names in zip(system.network.couplings, kept_names(system), strict=False):
        if isinstance(memory, (Binary, Metaplastic)) and coupling.name in weights:
            start = memory.start(weights[coupling.name])
            for key, name in names.items():
                kept[name], shapes[name] = weights.get(name, start[key]), coupling.shape
    check_arrays(kept, shapes)
    return kept


def rate_shapes(system: RateSystem) -> dict[str, tuple[int, ...]]:
    """Shape of every stored array by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for coupling in system.network.couplings:
        shapes[coupling.name] = coupling.shape
        shapes[f"{coupling.post.name}.bias"] = (coupling.post.biases,)
        if system.feedback.separate and coupling.bidirectional:
            shapes[backward_name(coupling)] = coupling.shape[::-1]
    return shapes

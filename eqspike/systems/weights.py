"""Weights and biases by name: shapes, start, what a memory keeps beside them; and signs of the nudge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays, Keys
from eqspike.core.network import Coupling
from eqspike.core.phases import nudge_signs
from eqspike.core.random_stream import Purpose
from eqspike.rules.protocol import Rule
from eqspike.systems.system import AnySystem, RateSystem, System


def initial_weights(system: System, seed: int) -> Arrays:
    """Uniform weights in +- gain / sqrt(fan-in), zero biases."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, Purpose.INITIAL_WEIGHTS]))
    result: Arrays = {}
    for coupling, gain in zip(system.network.couplings, system.initial_gain, strict=True):
        bound = gain / np.sqrt(coupling.pre.size)
        result[coupling.name] = generator.uniform(-bound, bound, coupling.shape)
    for layer in system.network.free_layers:
        result[f"{layer.name}.bias"] = np.zeros(layer.size)
    return result


def expected_shapes(system: System) -> dict[str, tuple[int, ...]]:
    """Shape of every stored array by name."""
    shapes: dict[str, tuple[int, ...]] = {c.name: c.shape for c in system.network.couplings}
    shapes.update({f"{layer.name}.bias": (layer.size,) for layer in system.network.free_layers})
    return shapes


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


def nudge_strengths(rule: Rule, keys: Keys) -> NDArray[np.float64]:
    """beta of each presentation in each phase, with its sign; 0 without a nudge: (samples, phases)."""
    return np.stack([nudge_signs(phase.nudge, keys) * rule.beta for phase in rule.phases], axis=1)


def backward_name(coupling: Coupling) -> str:
    """Name of separate backward weights, such as `output-hidden`, of shape (post, pre)."""
    return f"{coupling.post.name}-{coupling.pre.name}"


def initial_rate_weights(system: RateSystem, seed: int) -> Arrays:
    """Weights and biases uniform in +- gain / sqrt(fan-in); separate backward weights at their initial angle.

    Backward weights are the transposed forward ones, each with its sign turned with probability
    (1 - cos angle) / 2, which gives that angle on average (Ernoult et al., arXiv:2005.04168).
    """
    generator = np.random.default_rng(np.random.SeedSequence([seed, Purpose.INITIAL_WEIGHTS]))
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


def rate_shapes(system: RateSystem) -> dict[str, tuple[int, ...]]:
    """Shape of every stored array by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for coupling in system.network.couplings:
        shapes[coupling.name] = coupling.shape
        shapes[f"{coupling.post.name}.bias"] = (coupling.post.biases,)
        if system.feedback.separate and coupling.bidirectional:
            shapes[backward_name(coupling)] = coupling.shape[::-1]
    return shapes


def kept_names(system: AnySystem) -> list[dict[str, str]]:
    """Names of what the memory keeps beside the weights of each coupling, such as `input-hidden.inertia`."""
    return [
        {kept: f"{coupling.name}.{kept}" for kept in system.memory.kept}
        for coupling in system.network.couplings
    ]


def kept_beside(system: AnySystem, weights: Arrays) -> Arrays:
    """What the memory keeps beside given weights, by name: as given among them, else its start.

    Raises:
        ConfigError: for a wrong shape or a value that is not finite.
    """
    memory, kept = system.memory, {}
    shapes: dict[str, tuple[int, ...]] = {}
    for coupling, names in zip(system.network.couplings, kept_names(system), strict=True):
        if names and coupling.name in weights:
            start = memory.start(weights[coupling.name])
            for key, name in names.items():
                kept[name], shapes[name] = weights.get(name, start[key]), coupling.shape
    check_arrays(kept, shapes)
    return kept

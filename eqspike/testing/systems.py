"""Small spiking systems, lively and quick to simulate event by event, and samples for them."""

from __future__ import annotations

import numpy as np

from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased, Neuron, SigmaDelta
from eqspike.memory import Fixed, Ideal, WeightMemory
from eqspike.rules import EqSpike
from eqspike.systems import System
from eqspike.tasks.encoders import ENCODERS, Encoder

NEURONS: tuple[Neuron, ...] = (SigmaDelta(0.6, 0.7, 0.4), CurrentBased(0.3, 0.1, 0.9))
"""One neuron of each kind, with parameters that are no round binary fractions."""

SIZES = ((30, 12, 4), (30, 20, 11, 4))
"""One and two hidden layers, of sizes that fit no vector register."""


def small_system(
    sizes: tuple[int, ...] = SIZES[0],
    neuron: Neuron = NEURONS[0],
    encoder: str = ENCODERS[0],
    memory: WeightMemory | None = None,
    *,
    precision: str = "float64",
    online: bool = False,
) -> System:
    """A system that is lively and quick to simulate event by event."""
    couplings = len(sizes) - 1
    return System(
        network=layered(sizes),
        neuron=neuron,
        encoder=Encoder(encoder, 0.9, "spread"),
        rule=EqSpike(
            free_steps=17,
            nudged_steps=11,
            readout_steps=9,
            beta=0.3,
            random_sign=True,
            tau_fast=3.0,
            tau_slow=8.0,
            target_rate=0.8,
            online=online,
        ),
        memory=memory or Ideal(),
        precision=precision,
        learning_rates=(0.5, 0.25, 0.125)[:couplings],
        initial_gain=(3.0,) * couplings,
    )


def fixed_memory(bits: int, rounding: str, couplings: int) -> Fixed:
    """Fixed-point memory that fits the weights of a small system; its ranges differ by coupling."""
    return Fixed(bits, (0.5, 0.7, 0.9)[:couplings], rounding)


def samples(system: System, count: int, seed: int = 0) -> tuple[Images, Labels, Keys]:
    """Random images with silent, repeated and saturated levels, their labels and presentation keys."""
    generator = np.random.default_rng(seed)
    levels = np.array([0, 0, 1, 30, 30, 100, 127, 128, 129, 200, 254, 255], np.uint8)
    return (
        generator.choice(levels, (count, system.network.input.size)),
        generator.integers(system.network.output.size, size=count),
        generator.integers(2**63, size=count).astype(np.uint64),
    )

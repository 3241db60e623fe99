"""Loihi's integer arithmetic of neurons and synapses: what one time step does to each register.

Pure functions of integer arrays, equal bit for bit to Lava's fixed-point `LIF` and `Dense`. They define the chip's
arithmetic for this package and are written to be read, not for speed; the engines compute the same by other means.

Legend: u current, v membrane potential (24-bit registers), a synaptic input (16 bits on the chip), d a decay of
12 bits; `x >> k` is an arithmetic shift, which rounds towards minus infinity.

Sources: Davies et al., IEEE Micro 38(1):82-99, 2018; Lava 0.10, proc/lif/models.py, proc/dense/models.py and
utils/weightutils.py; widths also in Michaelis et al., Frontiers in Neuroinformatics 16:1015624, 2022.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[Any]
SignMode = Literal["mixed", "excitatory", "inhibitory"]

REGISTER_LIMIT = 2**23
"""A current leaves its register above this magnitude, a membrane potential at it."""

INPUT_LIMIT = 2**15
"""Synaptic input of one neuron and step has 16 bits with its sign. Lava's ports say so but do not cut."""

DECAY_UNITY = 2**12
STATE_SHIFT = 6
"""Synaptic input and thresholds are aligned with currents and potentials by this left shift."""

LARGEST_DECAY = 4095
LARGEST_THRESHOLD = 2**17 - 1
SMALLEST_BIAS, LARGEST_BIAS, LARGEST_BIAS_EXPONENT = -(2**12), 2**12 - 1, 7
SMALLEST_WEIGHT, LARGEST_WEIGHT = -256, 255
SMALLEST_EXPONENT, LARGEST_EXPONENT = -8, 7


def decayed(state: Integers, decay: int) -> Integers:
    """sign(x) ((|x| (4096 - decay)) >> 12): what is left of a register after one step, rounded towards zero.

    Args:
        state: any shape, within 24 bits; decay: 0..4096.
    """
    product = np.asarray(state, np.int64) * (DECAY_UNITY - decay)
    return np.asarray(np.sign(product) * (np.abs(product) >> 12))


def wrapped(current: Integers) -> Integers:
    """A sum as the current's register keeps it: above 2^23 it loses 2^24, from -2^23 down it gains 2^24, once."""
    above = np.where(current > REGISTER_LIMIT, current - 2 * REGISTER_LIMIT, current)
    return np.where(above <= -REGISTER_LIMIT, current + 2 * REGISTER_LIMIT, above)


def saturated(potential: Integers) -> Integers:
    """A sum as the membrane potential's register keeps it: clipped to +-(2^23 - 1)."""
    return np.clip(potential, 1 - REGISTER_LIMIT, REGISTER_LIMIT - 1)


def next_current(current: Integers, synaptic_input: Integers, decay: int) -> Integers:
    """u <- wrap(decay(u, du + 1) + (a << 6)); one more than du decays, so du = 4095 keeps nothing."""
    return wrapped(decayed(current, decay + 1) + shifted(synaptic_input, STATE_SHIFT))


def next_potential(potential: Integers, current: Integers, bias: Integers, decay: int) -> Integers:
    """v <- saturate(decay(v, dv) + u + bias), before the reset."""
    return saturated(decayed(potential, decay) + current + bias)


def spikes(potential: Integers, threshold: int) -> NDArray[np.bool_]:
    """v > threshold << 6, strictly."""
    return np.asarray(potential > (threshold << STATE_SHIFT))


def after_reset(potential: Integers, fired: NDArray[np.bool_]) -> Integers:
    """v <- 0 where the neuron fired."""
    return np.where(fired, 0, potential)


def shifted(values: Integers, exponent: int) -> Integers:
    """values << exponent, or values >> -exponent, which rounds towards minus infinity."""
    wide = np.asarray(values, np.int64)
    return wide << exponent if exponent > 0 else wide >> -exponent


def accumulated(mantissas: Integers, sent: Integers, exponent: int) -> Integers:
    """Synaptic input caused by the spikes of one step; it reaches the neurons in the next step.

    (sum over presynaptic spikes of their mantissas), shifted by the exponent: the sum is rounded, not its terms.

    Args:
        mantissas: (presynaptic, postsynaptic); sent: (presynaptic,) of 0 and 1; exponent: -8..7.
    """
    return shifted(np.asarray(sent, np.int64) @ np.asarray(mantissas, np.int64), exponent)


def sign_mode(weights: Integers) -> SignMode:
    """Mode of a coupling: `mixed`, unless no weight is negative (`excitatory`) or none positive (`inhibitory`)."""
    if weights.min() >= 0:
        return "excitatory"
    return "inhibitory" if weights.max() <= 0 else "mixed"


def clipped_weights(weights: Integers, mode: SignMode) -> Integers:
    """Weights within nine bits: -256..255 mixed, 0..255 excitatory, -255..0 inhibitory."""
    low = {"mixed": SMALLEST_WEIGHT, "excitatory": 0, "inhibitory": -LARGEST_WEIGHT}[mode]
    return np.clip(weights, low, 0 if mode == "inhibitory" else LARGEST_WEIGHT)


def truncated_weights(weights: Integers, mode: SignMode, bits: int = 8) -> Integers:
    """Weights as `bits` bits hold them: the lowest 8 - bits are lost, and one more where one bit is the sign.

    So 8-bit weights of mixed sign are even. Mixed weights round towards minus infinity, the others towards zero.
    """
    lost = 8 - bits + (mode == "mixed")
    if mode == "inhibitory":
        return -((-weights >> lost) << lost)
    return (weights >> lost) << lost

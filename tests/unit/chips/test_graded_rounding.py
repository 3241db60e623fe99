"""From rates in floating point to integers, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from eqspike.chips.graded import GradedNetwork, GradedNudge
from eqspike.chips.graded.arithmetic import DRIVE_LIMIT
from eqspike.chips.graded.network import INPUT_UNITY
from eqspike.chips.graded.rounding import (
    Source,
    drive_bits,
    largest_drive,
    represented,
    round_at,
    round_rates,
)
from eqspike.core.activations import HARD_SIGMOID, TANH
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import layered
from eqspike.core.neurons import BinaryNeuron, RateNeuron

WEIGHTS = {
    "input-hidden": np.array([[0.5, -0.25], [1.0, 0.0]]),
    "hidden-output": np.array([[2.0], [-1.0]]),
    "hidden.bias": np.array([0.125, -0.5]),
    "output.bias": np.array([0.0]),
}
SOURCE = Source(layered((2, 2, 1)), RateNeuron(HARD_SIGMOID, 0.5), WEIGHTS, 0.25, 0.02, 8)


def test_a_small_network_by_hand() -> None:
    """The bias of -1/2 decides: at 19 bits it is 2^18, at 20 it would not fit 4095 << 7.

    The largest drive, 1.5 + 2 from both sides of the first hidden neuron, would let 21 bits pass.
    """
    network, report = round_rates(SOURCE)
    assert drive_bits(SOURCE) == report.drive_bits == network.neuron.drive_bits == 19
    assert network.neuron.initial == 128
    assert network.neuron.threshold == 5  # of 256: 0.02 is 5.12
    assert report.threshold == 5 / 256
    assert network.nudge == GradedNudge(128, 2)  # 0.25 x 2^11
    assert report.beta == 0.25
    up = network.couplings[1]
    assert (up.exponent, up.mantissas.ravel().tolist()) == (5, [128, -64])
    assert represented(network)["hidden-output"].ravel().tolist() == [2.0, -1.0]
    assert network.layers[0].biases.tolist() == [2**16, -(2**18)]


def test_weights_round_to_the_nearest_even_mantissa() -> None:
    network, report = round_rates(SOURCE)
    coupling = network.couplings[0]
    step = 2.0 ** (coupling.exponent + 1 - network.neuron.drive_bits) * 255
    got = represented(network)["input-hidden"]
    assert abs(got - WEIGHTS["input-hidden"]).max() <= step / 2
    assert 0 < report.errors["input-hidden"] < 0.01
    assert report.errors["hidden-output"] == 0


def test_bits_send_one_and_their_filter_is_a_shift() -> None:
    network, report = round_rates(replace(SOURCE, neuron=BinaryNeuron(0.25, 1.0)))
    assert network.neuron.binary
    assert (network.neuron.unity, network.neuron.filter_shift, network.neuron.initial) == (
        1,
        2,
        256,
    )
    assert network.neuron.threshold == 0
    assert represented(network)["hidden-output"].ravel().tolist() == pytest.approx(
        [2.0, -1.0], rel=0.01
    )
    assert report.drive_bits == 13  # 2 x 2^drive_bits itself must fit 254 << 7


def test_signs_that_may_flip_leave_room_for_all_of_one_sign() -> None:
    """And the numbers of bits and exponents do not depend on the signs."""
    flipping = replace(SOURCE, signs_flip=True)
    bits = drive_bits(flipping)
    turned = {
        name: abs(array) if "-" in name else array for name, array in flipping.weights.items()
    }
    first, second = round_rates(flipping)[1], round_rates(replace(flipping, weights=turned))[1]
    assert first == second
    assert first.drive_bits <= bits


def worst_drive(network: GradedNetwork, signs_flip: bool) -> int:
    """The largest drive of any neuron over every pattern of saturated neurons; of magnitudes if signs may flip."""
    hidden, output = (
        (coupling.mantissas.astype(int) << coupling.exponent) * unity
        for coupling, unity in zip(
            network.couplings, (INPUT_UNITY, network.neuron.unity), strict=True
        )
    )
    if signs_flip:
        hidden, output = abs(hidden), abs(output)
    into_hidden = np.vstack([hidden, output.T])
    return max(
        int(abs(np.array(pattern) @ weights).max())
        for weights in (into_hidden, output)
        for pattern in product((0, 1), repeat=len(weights))
    )


@pytest.mark.parametrize("signs_flip", [False, True])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_the_largest_drive_is_that_of_the_worst_pattern(
    seed: int, scale: float, signs_flip: bool
) -> None:
    """And it is within the register, where one bit more would leave a register or a word of weights."""
    generator = np.random.default_rng(seed)
    weights = {
        name: generator.normal(0.0, scale, shape)
        for name, shape in (
            ("input-hidden", (4, 3)), ("hidden-output", (3, 2)), ("hidden.bias", 3), ("output.bias", 2),
        )
    }  # fmt: skip
    source = replace(
        SOURCE, network=layered((4, 3, 2)), weights=weights, signs_flip=signs_flip, beta=0.01
    )
    network, _ = round_rates(source)
    assert largest_drive(network, signs_flip) == worst_drive(network, signs_flip) < DRIVE_LIMIT


@pytest.mark.parametrize("signs_flip", [False, True])
def test_the_sum_of_many_weights_decides(signs_flip: bool) -> None:
    """Fifty weights of 1 and fifty of -1 into a neuron: 2^23 / 50 is 2^17.4, and 2^23 / 100 is 2^16.4."""
    weights = {
        "input-hidden": np.repeat([[1.0], [-1.0]], 50, axis=0),
        "hidden-output": np.array([[0.01]]),
        "hidden.bias": np.zeros(1),
        "output.bias": np.zeros(1),
    }
    source = replace(SOURCE, network=layered((100, 1, 1)), weights=weights, signs_flip=signs_flip)
    bits = drive_bits(source)
    assert bits == (16 if signs_flip else 17)
    assert round_rates(source)[1].drive_bits == bits
    assert largest_drive(round_at(source, bits + 1), signs_flip) >= DRIVE_LIMIT


def test_roundings_that_add_up_cost_a_bit() -> None:
    """66 weights, 498.4 in the words of inputs, become 500: their sum fits before rounding and not after it."""
    weights = {**WEIGHTS, "input-hidden": np.zeros((66, 2)), "hidden-output": np.zeros((2, 1))}
    weights["hidden.bias"] = np.zeros(2)
    share = DRIVE_LIMIT / 66 / 2**16
    weights["input-hidden"][:, 0] = share * (1 - 1e-6)
    source = replace(SOURCE, network=layered((66, 2, 1)), weights=weights)
    assert drive_bits(source) == 16
    assert largest_drive(round_at(source, 16)) >= DRIVE_LIMIT
    assert round_rates(source)[1].drive_bits == 15


@pytest.mark.parametrize("bits", [4, 12])
def test_both_ends_of_the_range_of_bits_are_taken(bits: int) -> None:
    network, _ = round_rates(replace(SOURCE, state_bits=bits))
    assert network.neuron.unity == 2**bits
    assert network.neuron.initial == 2**bits // 2
    assert network.neuron.filter_shift == 0
    silent = replace(SOURCE, neuron=RateNeuron(HARD_SIGMOID, 0.0), state_bits=bits)
    assert round_rates(silent)[0].neuron.initial == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"neuron": RateNeuron(TANH)}, "hard-sigmoid, got tanh"),
        ({"neuron": BinaryNeuron(0.3)}, "power of two"),
        ({"neuron": BinaryNeuron(2.0**-9)}, "power of two from 2\\^-8"),
        ({"state_bits": 3}, "4 to 12 bits, got 3"),
        ({"state_bits": 13}, "4 to 12 bits, got 13"),
        ({"weights": {**WEIGHTS, "output.bias": np.array([1e5])}}, "too large"),
    ],
)
def test_what_integers_do_not_hold_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        round_rates(replace(SOURCE, **changes))  # type: ignore[arg-type]

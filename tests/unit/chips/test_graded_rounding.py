"""From rates in floating point to integers, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.chips.graded import GradedNudge
from eqspike.chips.graded.rounding import Source, drive_bits, represented, round_rates
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


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"neuron": RateNeuron(TANH)}, "hard-sigmoid, got tanh"),
        ({"neuron": BinaryNeuron(0.3)}, "power of two"),
        ({"state_bits": 3}, "4 to 12 bits, got 3"),
        ({"weights": {**WEIGHTS, "output.bias": np.array([1e5])}}, "too large"),
    ],
)
def test_what_integers_do_not_hold_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        round_rates(replace(SOURCE, **changes))  # type: ignore[arg-type]

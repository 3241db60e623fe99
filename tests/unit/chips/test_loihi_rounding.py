"""From floats to Loihi's integers: hand-computed cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.chips.loihi import LoihiNudge
from eqspike.chips.loihi.rounding import represented, round_network
from eqspike.chips.loihi.scale import Extremes, Source, unit_of_extremes, unit_of_weights
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased

NETWORK = layered((3, 2, 2))
WEIGHTS = {
    "input-hidden": np.array([[0.5, -0.25], [0.1, 0.0], [-0.5, 0.3]]),
    "hidden-output": np.array([[1.0, -0.5], [0.125, 0.75]]),
    "hidden.bias": np.array([0.05, -0.02]),
    "output.bias": np.zeros(2),
}
SOURCE = Source(NETWORK, CurrentBased(0.2, 0.05, 1.0), WEIGHTS, 0.5, 0.8, True)


def test_parameters_by_hand() -> None:
    """At 6400 steps for 1.0, where a weight of 1.0 is 100 << 6."""
    network, report = round_network(SOURCE, 6400.0)
    hidden, output = network.layers
    assert hidden.neuron.current_decay == round(0.2 * 4096) - 1 == 818
    assert hidden.neuron.voltage_decay == round(0.05 * 4096) == 205
    assert hidden.neuron.threshold == 100
    below, above = network.couplings
    assert (below.exponent, above.exponent) == (-1, -1)
    np.testing.assert_array_equal(below.mantissas, [[100, -50], [20, 0], [-100, 60]])
    np.testing.assert_array_equal(above.mantissas, [[200, -100], [24, 150]])
    assert (below.bidirectional, above.bidirectional) == (False, True)
    np.testing.assert_array_equal(hidden.bias_mantissas << hidden.bias_exponent, [320, -128])
    assert not output.bias_mantissas.any()
    assert network.nudge == LoihiNudge(20, -1, 0.8, True)
    assert report.arrays["input-hidden"].max_error < 1e-12
    assert report.arrays["hidden-output"].max_error == pytest.approx(0.125 - 0.12)
    assert report.arrays["hidden-output"].rounded == pytest.approx(1 / 4)
    assert report.scalars["nudge"].wanted == report.scalars["nudge"].got == pytest.approx(0.1)


def test_a_unit_too_large_clips_and_says_so() -> None:
    """The largest weight is 254 << 13; what is beyond is reported."""
    network, report = round_network(SOURCE, 4 * 254 * 2.0**13)
    found = report.arrays["hidden-output"]
    assert network.couplings[1].exponent == 7
    assert network.couplings[1].mantissas.max() == 254
    assert network.couplings[1].mantissas.min() == -256
    assert found.clipped == pytest.approx(3 / 4)
    assert found.max_error == pytest.approx(0.75)


def test_plastic_weights_use_odd_mantissas_and_never_round_sums() -> None:
    """Their exponent is at least 0."""
    network, _ = round_network(replace(SOURCE, plastic=True), 6400.0)
    assert [coupling.exponent for coupling in network.couplings] == [0, 0]
    np.testing.assert_array_equal(network.couplings[0].mantissas[:, 1], [-25, 0, 30])


@pytest.mark.parametrize(("bits", "plastic"), [(8, False), (5, False), (9, True)])
def test_codes_of_a_memory_become_mantissas_exactly(bits: int, plastic: bool) -> None:
    """Where the steps of the couplings are powers of two apart, nothing is lost."""
    generator = np.random.default_rng(bits)
    largest = 2 ** (bits - 1) - 1
    steps = (0.03 / largest, 0.12 / largest)
    codes = [generator.integers(-largest, largest + 1, c.shape) for c in NETWORK.couplings]
    weights = {**WEIGHTS, "input-hidden": codes[0] * steps[0], "hidden-output": codes[1] * steps[1]}
    source = replace(SOURCE, weights=weights, steps=steps, plastic=plastic)
    for unit in (unit_of_weights(source), 3e6):
        fitted = unit_of_extremes(source, unit, Extremes(1, 2**22, 0, 0, 0, 0))
        network, report = round_network(source, fitted)
        for coupling, code in zip(network.couplings, codes, strict=True):
            assert report.arrays[coupling.name].max_error < 1e-12
            ratio = coupling.mantissas[code != 0] / code[code != 0]
            assert len(np.unique(ratio)) == 1
            np.testing.assert_allclose(represented(network)[coupling.name], weights[coupling.name])


def test_a_network_without_weights_has_a_unit() -> None:
    """Only its teacher says how large currents can get."""
    empty = {name: np.zeros_like(array) for name, array in WEIGHTS.items()}
    network, report = round_network(replace(SOURCE, weights=empty))
    assert network.unit > 0
    assert report.arrays["input-hidden"].relative_error == 0
    assert not network.couplings[0].mantissas.any()


def test_an_outlier_that_loses_all_other_weights_is_seen() -> None:
    """One weight of 100 makes the root mean square small, though nothing else is left of the coupling."""
    weights = {name: array.copy() for name, array in WEIGHTS.items()}
    weights["input-hidden"][0, 0] = 100.0
    network, report = round_network(replace(SOURCE, weights=weights))
    found = report.arrays["input-hidden"]
    assert found.relative_error < 0.05
    assert found.lost > 0.5
    kept = np.count_nonzero(network.couplings[0].mantissas)
    assert found.lost == pytest.approx(1 - kept / np.count_nonzero(weights["input-hidden"]))
    assert round_network(SOURCE)[1].arrays["input-hidden"].lost < 0.1

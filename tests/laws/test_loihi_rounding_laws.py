"""Laws of rounding to Loihi's integers: parameters in their ranges, errors of half a step, no current wraps."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import DECAY_UNITY, REGISTER_LIMIT, STATE_SHIFT
from eqspike.chips.loihi.rounding import represented, round_network
from eqspike.chips.loihi.scale import Extremes, Source, unit_of_extremes
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased

NETWORK = layered((7, 5, 3))

SCALES = st.floats(-6, 2).map(lambda power: 10.0**power)
SPARSE = st.sampled_from([0.0, 0.5, 1.0])


@st.composite
def sources(draw: st.DrawFn, plastic: bool | None = None) -> Source:
    """Networks whose weights, biases, thresholds and decays span many orders of magnitude."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = {}
    for coupling in NETWORK.couplings:
        kept = generator.random(coupling.shape) < draw(SPARSE)
        weights[coupling.name] = generator.normal(0, draw(SCALES), coupling.shape) * kept
    for layer in NETWORK.free_layers:
        weights[f"{layer.name}.bias"] = generator.normal(0, draw(SCALES), layer.size)
    neuron = CurrentBased(draw(st.floats(0, 1)), draw(st.floats(0, 1)), draw(SCALES))
    return Source(
        NETWORK, neuron, weights, draw(st.floats(0.01, 2)), draw(st.floats(0.1, 1)), True,
        plastic=draw(st.booleans()) if plastic is None else plastic,
    )  # fmt: skip


def assert_in_range(network: LoihiNetwork, plastic: bool) -> None:
    """Every parameter fits its field on the chip."""
    for coupling in network.couplings:
        assert coupling.mantissas.min() >= -256
        assert coupling.mantissas.max() <= 255
        assert (0 if plastic else -1) <= coupling.exponent <= 7
        assert plastic or not (coupling.mantissas % 2).any()
    for layer in network.layers:
        assert 0 <= layer.neuron.current_decay <= 4095
        assert 0 <= layer.neuron.voltage_decay <= 4095
        assert 1 <= layer.neuron.threshold <= 131071
        assert layer.bias_mantissas.min() >= -4096
        assert layer.bias_mantissas.max() <= 4095
        assert 0 <= layer.bias_exponent <= 7
    assert network.nudge.mantissa in range(2, 255, 2)
    assert -1 <= network.nudge.exponent <= 7


@given(sources())
def test_nothing_is_clipped_and_errors_are_half_steps(source: Source) -> None:
    """At the unit the weights alone decide; what is reported is what happened."""
    network, report = round_network(source)
    assert_in_range(network, source.plastic)
    for name, values in represented(network).items():
        error, found = abs(values - source.weights[name]), report.arrays[name]
        assert found.clipped == 0
        assert error.max() <= found.step / 2 * (1 + 1e-6)
        np.testing.assert_allclose(found.max_error, error.max(), rtol=1e-6, atol=1e-15)
        np.testing.assert_allclose(found.mean_error, error.mean(), rtol=1e-6, atol=1e-15)
    decay = report.scalars["current_decay"]
    assert abs(decay.got - decay.wanted) <= 1 / DECAY_UNITY


@given(sources())
def test_no_current_can_wrap(source: Source) -> None:
    """Even if all neurons spike in all steps and only weights of one sign count."""
    network, _ = round_network(source)
    sums = {layer.name: np.zeros((2, layer.size)) for layer in NETWORK.free_layers}
    for coupling, rounded in zip(NETWORK.couplings, network.couplings, strict=True):
        weights = rounded.mantissas * 2.0 ** (STATE_SHIFT + rounded.exponent)
        for row, part in enumerate((np.maximum(weights, 0), np.maximum(-weights, 0))):
            sums[coupling.post.name][row] += part.sum(0)
            if coupling.bidirectional:
                sums[coupling.pre.name][row] += part.sum(1)
    nudge = network.nudge.mantissa * 2.0 ** (STATE_SHIFT + network.nudge.exponent)
    smallest = nudge == 2.0**STATE_SHIFT
    sums["output"] += 0 if smallest else nudge
    for layer in network.layers:
        leak = (layer.neuron.current_decay + 1) / DECAY_UNITY
        assert sums[layer.name].max() / leak <= REGISTER_LIMIT
        assert sums[layer.name].max() / 2**STATE_SHIFT <= 2**15


@given(sources(), st.floats(1e2, 1e6), st.floats(0.001, 5))
def test_registers_met_decide_the_unit(source: Source, unit: float, fill: float) -> None:
    """The fullest is at most half full at the new unit, at which every parameter fits."""
    full = int(fill * REGISTER_LIMIT)
    met = Extremes(10, full, -full // 3, full // 2, 0, 0)
    chosen = unit_of_extremes(source, unit, met)
    reached = fill * chosen / unit
    assert reached <= 0.5 * (1 + 1e-3)
    network, report = round_network(source, chosen)
    assert_in_range(network, source.plastic)
    assert not any(found.clipped for found in report.arrays.values())


@given(sources(plastic=False))
def test_rounding_is_a_function_of_the_weights(source: Source) -> None:
    """Two engines given the same floats make the same integers."""
    first, second = round_network(source)[0], round_network(source)[0]
    assert first.unit == second.unit
    for name, array in first.as_arrays().items():
        np.testing.assert_array_equal(array, second.as_arrays()[name])

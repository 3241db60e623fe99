"""Loihi's arithmetic as defined here against Lava's fixed-point models, on random registers and networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.chips.loihi import arithmetic, traces

MODES = ("mixed", "excitatory", "inhibitory")


class Port:
    """Stands for one end of a channel."""

    def __init__(self) -> None:
        self.data: Any = None

    def recv(self) -> Any:
        return self.data

    def send(self, data: Any) -> None:
        self.data = data


def lava_neurons(
    lava: Any, count: int, settings: tuple[int, int, int], bias: Any, exponent: int
) -> Any:
    """A LIF model of `count` neurons; settings are du, dv and the threshold's mantissa."""
    model = lava.PyLifModelBitAcc({})
    model.a_in, model.s_out = Port(), Port()
    model.u, model.v = np.zeros(count, np.int32), np.zeros(count, np.int32)
    model.du, model.dv, model.vth = settings
    model.bias_mant = bias.astype(np.int16)
    model.bias_exp = np.full(count, exponent, np.int16)
    return model


def lava_synapses(lava: Any, mantissas: Any, exponent: int) -> Any:
    """A Dense model; `mantissas` (presynaptic, postsynaptic)."""
    model = lava.PyDenseModelBitAcc({"weight_exp": exponent, "num_weight_bits": 8})
    model.s_in, model.a_out = Port(), Port()
    model.weights = mantissas.T.copy()
    model.a_buff = np.zeros(mantissas.shape[1], np.int32)
    model.num_message_bits = np.array([0])
    return model


@pytest.mark.parametrize(
    ("du", "dv", "drift"),
    [(0, 0, 2**14), (4095, 4095, 0), (819, 205, 2**10), (0, 4095, -500), (4095, 0, -(2**14))],
)
def test_neurons(lava: Any, du: int, dv: int, drift: int) -> None:
    """Also where currents wrap and membrane potentials saturate."""
    generator = np.random.default_rng(du + dv)
    threshold = int(generator.integers(1, 2**14))
    bias, exponent = generator.integers(-4096, 4096, 500), int(generator.integers(8))
    model = lava_neurons(lava, 500, (du, dv, threshold), bias, exponent)
    u = v = np.zeros(500, np.int64)
    wraps = saturations = fired_in_all = 0
    for _ in range(80):
        sent = generator.integers(-(2**15), 2**15, 500) + drift
        model.a_in.send(sent.astype(np.int32))
        model.run_spk()
        wraps += np.count_nonzero(
            abs(arithmetic.decayed(u, du + 1) + (sent << 6)) > arithmetic.REGISTER_LIMIT
        )
        u = arithmetic.next_current(u, sent, du)
        v = arithmetic.next_potential(v, u, bias << exponent, dv)
        saturations += np.count_nonzero(abs(v) == arithmetic.REGISTER_LIMIT - 1)
        fired = arithmetic.spikes(v, threshold)
        v = arithmetic.after_reset(v, fired)
        fired_in_all += np.count_nonzero(fired)
        np.testing.assert_array_equal(model.u, u)
        np.testing.assert_array_equal(model.v, v)
        np.testing.assert_array_equal(model.s_out.data, fired)
    assert fired_in_all > 0
    if du == 0:
        assert wraps > 0
    if dv == 0:
        assert saturations > 0


@pytest.mark.parametrize("exponent", range(-8, 8))
def test_synapses(lava: Any, exponent: int) -> None:
    """A sum is shifted after it is taken, and sent one step later."""
    generator = np.random.default_rng(exponent + 8)
    mantissas = 2 * generator.integers(-128, 128, (40, 25))
    model = lava_synapses(lava, mantissas, exponent)
    before = np.zeros(25, np.int64)
    for _ in range(10):
        sent = generator.integers(2, size=40)
        model.s_in.send(sent)
        model.run_spk()
        np.testing.assert_array_equal(model.a_out.data, before)
        before = arithmetic.accumulated(mantissas, sent, exponent)
    assert abs(before).max() > 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bits", [1, 4, 7, 8])
def test_weights(lava: Any, mode: Any, bits: int) -> None:
    """Clipped and truncated as Lava does before the first step."""
    weights = np.arange(-400, 401)
    theirs = lava.SignMode[mode.upper()]
    clipped = arithmetic.clipped_weights(weights, mode)
    np.testing.assert_array_equal(clipped, lava.clip_weights(weights, theirs, 8))
    np.testing.assert_array_equal(
        arithmetic.truncated_weights(clipped, mode, bits),
        lava.truncate_weights(clipped, theirs, bits),
    )


def test_traces(lava: Any) -> None:
    """Every value, decayed with the same draw, and with impulses that saturate."""
    model = lava.LearningConnectionModelBitApproximate
    values = np.arange(128)
    for tau in (1, 3, 10, 100):
        for chance in (0.0, 0.25, 0.5, 0.999):
            np.testing.assert_array_equal(
                traces.decayed_trace(values, tau, np.full(128, chance)),
                model._decay_trace(values, 1, np.array(tau), chance),
            )
    for impulse in (0, 1, 16, 127):
        np.testing.assert_array_equal(
            traces.raised_trace(values, impulse),
            model._add_impulse(values, 0, np.array(impulse), np.array(0)),
        )


@pytest.mark.parametrize(
    ("text", "kinds", "mantissa", "exponent"),
    [
        ("2^-7*x0*y1", ("trace",), 1, -7),
        ("-3*2^-4*x0*y2", ("trace",), -3, -4),
        ("7*2^0*x0*y1*t", ("trace", "tag"), 7, 0),
        ("-5*2^3*x0*y1*t", ("trace", "tag"), -5, 3),
    ],
)
def test_products_of_a_rule(
    lava: Any, text: str, kinds: tuple[str, ...], mantissa: int, exponent: int
) -> None:
    """Scaled, shifted back and saturated as by Lava's evaluation of the rule's text."""
    generator = np.random.default_rng(1)
    count = 300
    rule = lava.Loihi2FLearningRule(
        dw=text, x1_impulse=1, x1_tau=1, y1_impulse=1, y1_tau=1, y2_impulse=1, y2_tau=1, t_epoch=1
    )
    weights = generator.integers(-256, 256, count)
    trace, tag = generator.integers(0, 128, count), generator.integers(-256, 256, count)
    spiked = generator.integers(2, size=count)
    applier = lava.LearningRuleApplierBitApprox(rule.dw)
    theirs = applier.apply(
        weights << 7, shape=(count,), x0=spiked, y1_x0=trace, y2_x0=trace, tag_1=tag
    )
    factors = spiked * trace * (tag if "tag" in kinds else 1)
    bits = sum(traces.FACTOR_BITS[kind] for kind in kinds)
    change = traces.scaled_product(factors, bits, mantissa, exponent)
    np.testing.assert_array_equal(traces.added(traces.accumulator(weights), change), theirs)
    assert (theirs != weights << 7).any()


@pytest.mark.parametrize("mode", MODES)
def test_learnt_weights(lava: Any, mode: Any) -> None:
    """Every accumulator, rounded with the same draw and clipped."""
    model = lava.LearningConnectionModelBitApproximate
    this = type("Signed", (), {"sign_mode": lava.SignMode[mode.upper()]})()
    sums = np.arange(-(2**15) - 1, 2**15)
    for chance in (0.0, 0.3, 0.99):
        theirs = model._saturate_synaptic_variable_accumulator(this, "weights", sums)
        theirs = model._stochastic_round_synaptic_variable("weights", theirs, chance) >> 7
        theirs = model._saturate_synaptic_variable(this, "weights", theirs)
        ours = traces.learnt_weights(sums, mode, np.full(sums.shape, chance))
        np.testing.assert_array_equal(ours, theirs)

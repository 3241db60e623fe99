"""The simulation message by message, on cases small enough for paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.messages import Messages
from eqspike.core.network import layered
from eqspike.core.trace import sent
from eqspike.rules import ContinualEquilibrium
from eqspike.testing import PlainRates, rate_samples, small_rate_system

IMAGES, LABELS, KEYS = rate_samples()


def chain(threshold: float) -> PlainRates:
    """One neuron a layer; the hidden one goes half the way of its drive, the output follows it."""
    system = small_rate_system(activation="hard-sigmoid", threshold=threshold, hidden=(7,))
    system = replace(system, network=layered((1, 1, 1)))
    weights = {"input-hidden": 0.5, "hidden-output": 1.0}
    return PlainRates(
        system,
        {name: np.array([[value]]) for name, value in weights.items()}
        | {name: np.zeros(1) for name in ("hidden.bias", "output.bias")},
    )


def test_a_chain_by_hand() -> None:
    plain = chain(0.1)
    plain.start(
        np.array([[51]], np.uint8)
    )  # a rate of 0.2: sent once, though it would never change again
    assert plain.drive["hidden"] == pytest.approx(0.1)
    # hidden 0.1: a change of 0.1 is not above the threshold
    assert not plain.step("free")["hidden"].any()
    plain.drive["hidden"] += 0.05
    assert plain.step("free")["hidden"].all()
    assert plain.sent["hidden"] == pytest.approx(0.15)
    assert plain.drive["output"] == pytest.approx(0.15)
    # the output goes to 0.15 and sends it, which drives hidden to 0.3, which it sends
    assert plain.step("free")["output"].all()
    assert plain.step("free")["hidden"].all()
    assert plain.drive["output"] == pytest.approx(0.3)
    assert plain.counts["free", "hidden", "spikes"] == 2
    assert plain.counts["free", "input->hidden", "synaptic_operations"] == 1


def test_an_initial_rate_is_sent_though_it_is_below_the_threshold() -> None:
    plain = PlainRates(small_rate_system(threshold=0.9, initial=0.25), {})
    shapes = {c.name: c.shape for c in plain.network.couplings}
    plain.weights = {name: np.ones(shape) for name, shape in shapes.items()}
    plain.start(IMAGES)
    np.testing.assert_allclose(plain.drive["output"], 0.25 * 5)
    assert plain.counts["free", "hidden1", "spikes"] == 6 * 7
    assert plain.counts["free", "input", "spikes"] == np.count_nonzero(IMAGES)


def test_weights_move_no_drive_that_was_sent_before() -> None:
    system = small_rate_system(ContinualEquilibrium, threshold=0.0, hidden=(7,))
    plain = PlainRates(system, {})
    rng = np.random.default_rng(0)
    plain.weights = {c.name: rng.normal(size=c.shape) for c in system.network.couplings} | {
        f"{layer.name}.bias": np.zeros(layer.size) for layer in system.network.free_layers
    }
    before = plain.weights["input-hidden"].copy()
    plain.fit(IMAGES, LABELS, KEYS, 1.0, 0)
    assert (plain.weights["input-hidden"] != before).any()
    by_output = plain.drive["hidden"] - IMAGES / 255 @ before
    from_zero = plain.sent["output"] @ plain.weights["hidden-output"].T
    assert 1e-6 < abs(by_output - from_zero).max() < 1


def test_a_trace_shows_who_sent_in_each_step() -> None:
    system = replace(small_rate_system(), messages=Messages("changes", 0.02))
    plain = PlainRates(system, {})
    plain.weights = {c.name: np.full(c.shape, 0.1) for c in system.network.couplings} | {
        f"{layer.name}.bias": np.zeros(layer.size) for layer in system.network.free_layers
    }
    trace = plain.trace(IMAGES, LABELS, KEYS)
    assert trace.states["hidden1"].shape == (6, 14, 7)
    np.testing.assert_array_equal(
        trace.events["hidden1"][:, 1:], np.diff(trace.states[sent("hidden1")], axis=1) != 0
    )
    assert abs(trace.states["output"] - trace.states[sent("output")]).max() <= 0.02
    assert trace.events["output"].any()

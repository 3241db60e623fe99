"""Laws of the integers of neurons that send changes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.chips.graded import GradedNetwork, GradedNeuron, GradedNudge, arithmetic, learning
from eqspike.chips.graded.learning import FlipRule
from eqspike.chips.graded.rounding import Source, largest_drive, represented, round_rates
from eqspike.core.activations import HARD_SIGMOID
from eqspike.core.network import layered
from eqspike.core.neurons import BinaryNeuron, RateNeuron

WORDS = st.integers(-(2**40), 2**40)
NEURONS = st.builds(
    lambda binary, bits, above, shift: GradedNeuron(
        binary, bits, bits + above, shift if binary else 0, 0, 0
    ),
    st.booleans(),
    st.integers(4, 12),
    st.integers(0, 10),
    st.integers(0, 8),
)
SEEDS = st.integers(0, 10_000)


def one(value: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([value])


@given(WORDS, st.integers(0, 30))
def test_a_shift_rounds_to_the_nearest(value: int, shift: int) -> None:
    rounded = int(arithmetic.rounded_shift(one(value), shift)[0])
    error = Fraction(value, 2**shift) - rounded
    assert -Fraction(1, 2) <= error < Fraction(1, 2)


@given(st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1, max_size=6), st.randoms())
def test_the_order_of_messages_does_not_matter(terms: list[int], random) -> None:  # type: ignore[no-untyped-def]
    """Adding one by one, each sum wrapped, gives the wrapped sum of all."""
    shuffled = terms.copy()
    random.shuffle(shuffled)
    drive = one(0)
    for term in shuffled:
        drive = arithmetic.wrapped(drive + term)
    assert int(drive[0]) == int(arithmetic.wrapped(one(sum(terms)))[0])
    assert -(2**23) <= int(drive[0]) < 2**23
    assert (int(drive[0]) - sum(terms)) % 2**24 == 0


@given(NEURONS, st.integers(0, 2**12), st.integers(-(2**24), 2**24))
def test_a_state_moves_towards_its_drive_and_stays_in_range(
    neuron: GradedNeuron, state: int, drive: int
) -> None:
    state = min(state, neuron.state_unity)
    moved = int(arithmetic.next_state(one(state), one(drive), neuron)[0])
    assert 0 <= moved <= neuron.state_unity
    way = Fraction(drive, 2**neuron.state_shift) - state
    exact = min(max(state + way / 2**neuron.filter_shift, 0), neuron.state_unity)
    assert abs(moved - exact) <= Fraction(1, 2)


@given(NEURONS, st.integers(0, 2**12), st.integers(0, 2**12), st.integers(0, 100))
def test_what_was_sent_is_within_the_threshold(
    neuron: GradedNeuron, value: int, sent: int, threshold: int
) -> None:
    """After a step q is v, or no farther from it than the threshold; and a message is never small."""
    message = int(arithmetic.messages(one(value), one(sent), threshold)[0])
    assert abs(value - (sent + message)) <= threshold
    assert message == 0 or abs(message) > threshold


def network_of(
    seed: int, binary: bool, size: float, threshold: float
) -> tuple[Source, GradedNetwork]:
    random = np.random.default_rng(seed)
    network = layered((5, 4, 3))
    weights = {
        name: size * random.standard_normal(shape)
        for name, shape in (
            ("input-hidden", (5, 4)), ("hidden-output", (4, 3)), ("hidden.bias", 4), ("output.bias", 3),
        )
    }  # fmt: skip
    neuron = BinaryNeuron(0.5, 1.0) if binary else RateNeuron(HARD_SIGMOID, 0.3)
    source = Source(network, neuron, weights, 0.3, threshold, 8)
    return source, round_rates(source)[0]


@given(SEEDS, st.booleans(), st.floats(0.01, 30))
@settings(max_examples=40)
def test_rounded_networks_fit_their_registers(seed: int, binary: bool, size: float) -> None:
    source, network = network_of(seed, binary, size, 0.0)
    assert largest_drive(network) < 2**23
    for coupling in network.couplings:
        assert abs(coupling.mantissas).max() <= 254
        assert not (coupling.mantissas % 2).any()
        assert 0 <= coupling.exponent <= 7
    for layer in network.layers:
        assert abs(layer.bias_mantissas).max() <= 4095
        assert 0 <= layer.bias_exponent <= 7
    got = represented(network)
    for index, coupling in enumerate(source.network.couplings):
        unity = 255 if index == 0 else network.neuron.unity
        step = 2.0 ** (network.couplings[index].exponent - network.neuron.drive_bits) * unity
        assert abs(got[coupling.name] - source.weights[coupling.name]).max() <= step * (1 + 1e-9)


@given(SEEDS, st.booleans(), st.sampled_from([0.0, 0.05]))
@settings(max_examples=30)
def test_drives_are_the_sums_of_what_was_sent(seed: int, binary: bool, threshold: float) -> None:
    """Whatever messages were sent, a is W q exactly: nothing is lost on the way."""
    _, network = network_of(seed, binary, 1.0, threshold)
    images = np.random.default_rng(seed).integers(0, 256, (2, 5))
    state = arithmetic.onset(network, images)
    for _ in range(7):
        state = arithmetic.step(network, state)
    drives = arithmetic.arrived(network, state)
    hidden, output = state.sent
    up, down = (coupling.mantissas << coupling.exponent for coupling in network.couplings)
    assert (drives[0] == images @ up + output @ down.T).all()
    assert (drives[1] == hidden @ down).all()


@given(SEEDS, st.booleans())
@settings(max_examples=20)
def test_a_network_at_rest_sends_nothing(seed: int, binary: bool) -> None:
    """Where nothing was sent in a step and no state moves, nothing is sent in the next."""
    _, network = network_of(seed, binary, 0.3, 0.0)
    state = arithmetic.onset(network, np.full((1, 5), 128))
    for _ in range(60):
        old, state = state, arithmetic.step(network, state)
        still = all((a == b).all() for a, b in zip(old.states, state.states, strict=True))
        if still and not any(message.any() for message in state.messages):
            later = arithmetic.step(network, state)
            assert not any(message.any() for message in later.messages)
            return


@given(st.integers(0, 256), st.sampled_from([0, 1]), st.sampled_from([-1, 0, 1]))
def test_a_nudge_pulls_towards_the_target(state: int, target: int, sign: int) -> None:
    neuron, nudge = GradedNeuron(False, 8, 16, 0, 0, 0), GradedNudge(100, 1)
    pull = int(arithmetic.nudge_drive(one(state), one(target), one(sign), neuron, nudge)[0])
    assert pull == sign * 200 * (256 * target - state)
    opposite = arithmetic.nudge_drive(one(state), one(target), one(-sign), neuron, nudge)
    assert int(opposite[0]) == -pull


RULES = st.builds(
    learning.flip_rule,
    st.floats(1e-7, 1.0),
    st.floats(1e-6, 10.0),
    st.floats(1e-4, 10.0),
    st.sampled_from([1, 255, 4096 * 4096, 255 * 4096]),
)


@given(RULES, st.integers(-(2**31) + 1, 2**31 - 1), st.integers(-(2**24), 2**24))
def test_a_counter_stays_in_its_word(rule: FlipRule, counter: int, change: int) -> None:
    """And decays towards 0, never across it."""
    assert 1 <= rule.decay_mantissa <= 255
    moved = int(learning.next_counter(one(counter), one(change), rule)[0])
    assert abs(moved) <= learning.COUNTER_LIMIT
    left = int(learning.next_counter(one(counter), one(0), rule)[0])
    assert abs(left) <= abs(counter)
    assert left == 0 or (left > 0) == (counter > 0)
    assert int(learning.next_counter(one(-counter), one(-change), rule)[0]) == -moved


@given(RULES, st.sampled_from([-254, -2, 2, 254]), st.integers(-(2**31) + 1, 2**31 - 1))
def test_a_weight_flips_only_against_itself(rule: FlipRule, mantissa: int, counter: int) -> None:
    flips = bool(learning.flips(one(mantissa), one(counter), rule)[0])
    assert flips == (counter * (1 if mantissa < 0 else -1) > rule.threshold)
    assert not bool(learning.flips(one(0), one(counter), rule)[0])


@given(st.floats(1e-6, 1.0), st.floats(1e-5, 10.0), st.floats(1e-3, 1.0))
def test_integers_of_a_rule_are_near_its_numbers(
    rate: float, threshold: float, gain: float
) -> None:
    rule = learning.flip_rule(rate, threshold, gain, 255)
    assert rule.decay_mantissa / 2**rule.decay_shift == pytest.approx(rate, rel=2**-7)
    step = rule.unit
    assert rule.threshold * step == pytest.approx(threshold, abs=step)
    assert (255 << rule.gain) * step == pytest.approx(gain, rel=1e-9)

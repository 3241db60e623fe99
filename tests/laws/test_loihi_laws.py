"""Laws of Loihi's integer arithmetic, over the full ranges of its registers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eqspike.chips.loihi import arithmetic, traces

REGISTERS = st.integers(1 - 2**23, 2**23)
DECAYS = st.integers(0, 4095)
WEIGHTS = st.integers(-256, 255)
MODES = st.sampled_from(["mixed", "excitatory", "inhibitory"])


def one(value: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([value])


@given(REGISTERS, st.integers(0, 4096))
def test_decay_rounds_towards_zero(state: int, decay: int) -> None:
    """By less than one, and never across zero; both signs alike."""
    left = int(arithmetic.decayed(one(state), decay)[0])
    exact = Fraction(state * (4096 - decay), 4096)
    assert 0 <= abs(exact) - abs(left) < 1
    assert left == 0 or (left > 0) == (state > 0)
    assert int(arithmetic.decayed(one(-state), decay)[0]) == -left


@given(REGISTERS, st.integers(1, 4096))
def test_a_register_left_alone_empties(state: int, decay: int) -> None:
    """Its magnitude falls in every step, down to zero."""
    left = abs(int(arithmetic.decayed(one(state), decay)[0]))
    assert left < abs(state) or left == 0


@given(REGISTERS, st.integers(-(2**15), 2**15 - 1), DECAYS)
def test_a_current_stays_in_its_register(current: int, sent: int, decay: int) -> None:
    """It equals the exact sum but for a multiple of 2^24."""
    kept = int(arithmetic.next_current(one(current), one(sent), decay)[0])
    exact = int(arithmetic.decayed(one(current), decay + 1)[0]) + sent * 64
    assert -(2**23) < kept <= 2**23
    assert (kept - exact) % 2**24 == 0
    if -(2**23) < exact <= 2**23:
        assert kept == exact


@given(REGISTERS, REGISTERS, st.integers(-4096, 4095), st.integers(0, 7), DECAYS)
def test_a_potential_saturates(
    potential: int, current: int, mantissa: int, exponent: int, decay: int
) -> None:
    """It is the exact sum, or the end of the register towards it."""
    bias = mantissa << exponent
    kept = int(arithmetic.next_potential(one(potential), one(current), one(bias), decay)[0])
    exact = int(arithmetic.decayed(one(potential), decay)[0]) + current + bias
    assert kept == max(1 - 2**23, min(2**23 - 1, exact))


@given(st.integers(1, 2**17 - 1), st.integers(-2, 2))
def test_a_spike_needs_more_than_the_threshold(threshold: int, above: int) -> None:
    """At the threshold nothing happens; one more fires and resets to zero."""
    potential = one(threshold * 64 + above)
    fired = arithmetic.spikes(potential, threshold)
    assert bool(fired[0]) == (above > 0)
    assert int(arithmetic.after_reset(potential, fired)[0]) == (0 if above > 0 else potential[0])


@given(st.integers(-(2**24), 2**24), st.integers(-8, 7))
def test_an_exponent_multiplies_or_rounds_down(value: int, exponent: int) -> None:
    """Towards minus infinity, which is what an arithmetic shift does."""
    assert (
        int(arithmetic.shifted(one(value), exponent)[0])
        == Fraction(value) * Fraction(2) ** exponent // 1
    )


@given(st.lists(st.tuples(WEIGHTS, st.booleans()), min_size=1, max_size=50), st.integers(-8, 7))
def test_a_sum_is_rounded_once(synapses: list[tuple[int, bool]], exponent: int) -> None:
    """Whatever the order of its terms; even mantissas halved are exact."""
    mantissas = np.array([[weight] for weight, _ in synapses])
    sent = np.array([spike for _, spike in synapses])
    got = int(arithmetic.accumulated(mantissas, sent, exponent)[0])
    total = sum(weight for weight, spike in synapses if spike)
    assert got == Fraction(total) * Fraction(2) ** exponent // 1
    assert arithmetic.accumulated(mantissas[::-1], sent[::-1], exponent)[0] == got
    doubled = arithmetic.accumulated(mantissas * 2, sent, -1)[0]
    assert doubled == total


@given(st.integers(-1000, 1000), MODES, st.integers(1, 8))
def test_weights_are_what_their_bits_can_hold(weight: int, mode: str, bits: int) -> None:
    """Storing twice changes nothing; there are 2^bits codes; a code is at most one step off."""
    clipped = arithmetic.clipped_weights(one(weight), mode)  # type: ignore[arg-type]
    held = arithmetic.truncated_weights(clipped, mode, bits)  # type: ignore[arg-type]
    step = 2 ** (8 - bits + (mode == "mixed"))
    assert held[0] % step == 0
    assert abs(int(held[0]) - int(clipped[0])) < step
    again = arithmetic.truncated_weights(held, mode, bits)  # type: ignore[arg-type]
    assert again[0] == held[0]
    reach = 2**9 if mode == "mixed" else 2**8
    assert reach // step == 2**bits


@given(st.integers(0, 127), st.floats(1, 1000), st.floats(0, 0.999999))
def test_a_trace_decays_to_one_of_two_neighbours(trace: int, tau: float, chance: float) -> None:
    """Of the exact value; so its mean over the draws is exact."""
    exact = np.exp(-1 / tau) * trace
    kept = int(traces.decayed_trace(one(trace), tau, np.array([chance]))[0])
    assert kept in (int(np.floor(exact)), int(np.floor(exact)) + 1)
    assert (kept > exact) == (chance < exact % 1) or exact == kept
    assert 0 <= kept <= 127


@given(st.integers(0, 127), st.integers(0, 127))
def test_an_impulse_saturates(trace: int, impulse: int) -> None:
    """At 127."""
    assert traces.raised_trace(one(trace), impulse)[0] == min(127, trace + impulse)


@given(WEIGHTS, MODES, st.floats(0, 0.999999))
def test_a_weight_without_change_stays(weight: int, mode: str, chance: float) -> None:
    """Whatever is drawn: rounding moves fractions only."""
    kept = arithmetic.clipped_weights(one(weight), mode)  # type: ignore[arg-type]
    sums = traces.accumulator(kept)
    assert traces.learnt_weights(sums, mode, np.array([chance]))[0] == kept[0]  # type: ignore[arg-type]


@given(st.integers(-30000, 30000))
def test_learnt_weights_are_right_on_average(total: int) -> None:
    """The mean over evenly spread draws is the accumulator's value."""
    chances = (np.arange(128) + 0.5) / 128
    learnt = traces.learnt_weights(np.full(128, total), "mixed", chances)
    assert learnt.sum() == total

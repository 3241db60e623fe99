"""Weight memories on cases worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.memory import (
    MEMORIES,
    Binary,
    Fixed,
    Ideal,
    Metaplastic,
    Scale,
    WeightMemory,
    Writes,
    read_memory,
)
from eqspike.memory.fixed import ROUNDINGS


def read(**data: Any) -> WeightMemory:
    return read_memory(Section(data, "mine.yaml", "memory"), 2)


def test_descriptions_are_read() -> None:
    """Each kind by its name in the registry."""
    assert read(kind="ideal") == Ideal()
    fixed = read(kind="fixed", bits=4, ranges=[1, 0.5])
    assert fixed == Fixed(4, (1.0, 0.5), "stochastic")
    binary = read(
        kind="binary", inertia_rates=[1, 0.5], thresholds=[0, 0.25], scale={"rates": [1, 0]}
    )
    assert binary == Binary((1.0, 0.5), (0.0, 0.25), Scale("coupling", (1.0, 0.0)))
    assert (binary.threshold(0), binary.threshold(1)) == (0, 0.5)
    metaplastic = read(kind="metaplastic", metaplasticity=[1.35, 0], scale={"shared": "unit"})
    assert metaplastic == Metaplastic((1.35, 0.0), Scale("unit", (0.0, 0.0)))
    for kind, memory in MEMORIES.items():
        assert getattr(memory, "kind", None) == kind


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"kind": "fixd"},
            "memory.kind must be one of ideal, fixed, binary, metaplastic, got 'fixd'; did you mean",
        ),
        ({"kind": "ideal", "bits": 4}, "memory.bits is not a known key"),
        ({"kind": "fixed", "ranges": [1, 1]}, "memory.bits is required"),
        ({"kind": "fixed", "bits": 1, "ranges": [1, 1]}, "memory.bits must be"),
        ({"kind": "fixed", "bits": 17, "ranges": [1, 1]}, "memory.bits must be"),
        ({"kind": "fixed", "bits": 4, "ranges": [1]}, "memory.ranges must be a list of 2 numbers"),
        ({"kind": "fixed", "bits": 4, "ranges": [1, 0]}, "memory.ranges must be"),
        ({"kind": "fixed", "bits": 4, "ranges": [1, 1], "rounding": "up"}, "memory.rounding must"),
        ({"kind": "binary", "thresholds": [0, 0]}, "memory.inertia_rates is required"),
        (
            {"kind": "binary", "thresholds": [0, 0], "inertia_rates": [0, 1]},
            "memory.inertia_rates must",
        ),
        (
            {"kind": "binary", "thresholds": [0, -1], "inertia_rates": [1, 1]},
            "memory.thresholds must",
        ),
        (
            {"kind": "metaplastic", "metaplasticity": 1},
            "memory.metaplasticity must be a list of 2 numbers",
        ),
        (
            {"kind": "metaplastic", "metaplasticity": [1, 1], "scale": {"shared": "layer"}},
            "one of coupling, unit",
        ),
        (
            {"kind": "metaplastic", "metaplasticity": [1, 1], "scale": {"rates": [1]}},
            "memory.scale.rates must",
        ),
    ],
)
def test_wrong_descriptions_are_refused(data: dict[str, Any], message: str) -> None:
    """By key."""
    with pytest.raises(ConfigError, match=message):
        read(**data)


@pytest.mark.parametrize(("bits", "largest"), [(2, 1), (4, 7), (8, 127), (16, 32767)])
def test_codes_are_symmetric(bits: int, largest: int) -> None:
    """One code fewer than two's complement has; the largest stands for the range of the coupling."""
    memory = Fixed(bits, (largest * 0.25, largest * 0.5), "nearest")
    assert memory.largest_code == largest
    assert (memory.step(0), memory.step(1)) == (0.25, 0.5)
    rails = memory.store(np.array([-1e9, 1e9]), 1)
    assert rails.tolist() == [-largest * 0.5, largest * 0.5]


def test_storing_takes_the_nearest_code() -> None:
    """Ties to even, whatever the rounding of writes."""
    for rounding in ROUNDINGS:
        memory = Fixed(4, (7.0,), rounding)
        stored = memory.store(np.array([0.5, 1.5, -0.5, -2.6, 9.0]), 0)
        assert stored.tolist() == [0, 2, 0, -3, 7]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [("nearest", [2, 2, -2, 7, 0, -7]), ("floor", [1, 2, -2, 7, -1, -7])],
)
def test_writes_round_and_saturate(rounding: str, expected: list[int]) -> None:
    """With steps of one; the last but one shows that floor takes any negative change for a step."""
    memory = Fixed(4, (7.0,), rounding)
    stored = np.array([0.0, 2.0, 0.0, 6.0, 0.0, -7.0])
    change = np.array([1.5, 0.2, -1.6, 5.0, -0.01, -3.0])
    after = memory.write(stored, {}, change, 0, key=0)
    assert after.stored.tolist() == expected
    assert after.writes == Writes(6, np.count_nonzero(np.array(expected) != stored))


def test_stochastic_writes_of_whole_steps_are_certain() -> None:
    """Nothing is left to chance."""
    memory = Fixed(4, (7.0,), "stochastic")
    for key in range(20):
        after = memory.write(np.array([0.0, 3.0]), {}, np.array([2.0, -1.0]), 0, key).stored
        assert after.tolist() == [2, 2]


def test_stochastic_writes_draw_for_each_synapse() -> None:
    """Equal wishes, different outcomes: neither all up nor all down."""
    memory = Fixed(4, (7.0,), "stochastic")
    after = memory.write(np.zeros((20, 20)), {}, np.full((20, 20), 0.5), 0, key=1).stored
    assert 120 < after.sum() < 280
    assert set(after.ravel()) == {0.0, 1.0}


def test_ideal_memory_loses_only_what_float64_loses() -> None:
    """A change below the last bit is a candidate that is not applied."""
    change = np.array([0.25, 0, 1e-20])
    written = Ideal().write(np.array([1.0, 1.0, 1.0]), {}, change, 0, 0)
    after, writes = written.stored, written.writes
    assert after.tolist() == [1.25, 1, 1]
    assert writes == Writes(candidate=2, applied=1)
    assert Ideal().store(after, 0) is after


STILL = Scale("coupling", (0.0,))


def test_scales_are_mean_magnitudes() -> None:
    """Of a coupling, or of the weights that end in one neuron; a weight of 0 counts as positive."""
    weights = np.array([[1.0, -4.0], [-3.0, 0.0]])
    assert Binary((1.0,), (0.0,), STILL).store(weights, 0).tolist() == [[2, -2], [-2, 2]]
    by_unit = Metaplastic((0.0,), Scale("unit", (0.0,)))
    assert by_unit.store(weights, 0).tolist() == [[2, -2], [-2, 2]]
    assert by_unit.store(weights * [1, 2], 0).tolist() == [[2, -4], [-2, 4]]


def test_inertia_flips_against_the_sign() -> None:
    """gamma 1/2, tau 1/4: two changes of 1/2 make an inertia of 3/8, which stays; the weight flips once."""
    memory = Binary((0.5,), (0.25,), STILL)
    stored, kept = memory.store(np.array([-2.0, 2.0, -2.0]), 0), memory.start(np.zeros(3))
    change = np.array([0.5, 0.5, 0.0])
    after = memory.write(stored, kept, change, 0, 0)
    assert after.stored.tolist() == [-2, 2, -2]
    assert after.writes == Writes(2, 0)
    after = memory.write(after.stored, after.kept, change, 0, 0)
    assert after.stored.tolist() == [2, 2, -2]
    assert (0.5 * after.kept["inertia"]).tolist() == [0.375, 0.375, 0]
    assert after.writes == Writes(2, 1)
    after = memory.write(after.stored, after.kept, change, 0, 0)
    assert after.stored.tolist() == [2, 2, -2]
    assert after.kept["writes"].tolist() == [1, 0, 0]


def test_metaplastic_weights_resist() -> None:
    """A change towards 0 is taken by 1 - tanh^2(m |H|): 0.42 at |H| = m = 1."""
    memory = Metaplastic((1.0,), STILL)
    hidden = np.array([1.0, -1.0, 0.1, -0.1])
    after = memory.write(memory.store(hidden, 0), memory.start(hidden), np.full(4, 1.0), 0, 0)
    assert after.kept["hidden"] == pytest.approx([2, -1 + 0.41997434, 1.1, -0.1 + 0.99006629])
    assert np.sign(after.stored).tolist() == [1, -1, 1, 1]
    assert after.writes == Writes(4, 1)
    assert after.kept["writes"].tolist() == [0, 0, 0, 1]


def test_a_learnt_scale_stays_above_zero() -> None:
    memory = Binary((1.0,), (1e6,), Scale("coupling", (1.0,)))
    stored = memory.store(np.array([1.0, -1.0]), 0)
    for change, wanted in (([0.5, -0.25], 1.75), ([-2.0, 2.0], 1e-6)):
        after = memory.write(stored, memory.start(stored), np.array(change), 0, 0)
        assert np.abs(after.stored) == pytest.approx([wanted, wanted])

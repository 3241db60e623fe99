"""Weight memories on cases worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.memory import MEMORIES, Fixed, Ideal, Writes, read_memory
from eqspike.memory.fixed import ROUNDINGS


def read(**data: Any) -> Ideal | Fixed:
    return read_memory(Section(data, "mine.yaml", "memory"), 2)


def test_descriptions_are_read() -> None:
    """Each kind by its name in the registry."""
    assert read(kind="ideal") == Ideal()
    fixed = read(kind="fixed", bits=4, ranges=[1, 0.5])
    assert fixed == Fixed(4, (1.0, 0.5), "stochastic")
    for kind, memory in MEMORIES.items():
        assert memory.kind == kind


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "fixd"}, "memory.kind must be one of ideal, fixed, got 'fixd'; did you mean"),
        ({"kind": "ideal", "bits": 4}, "memory.bits is not a known key"),
        ({"kind": "fixed", "ranges": [1, 1]}, "memory.bits is required"),
        ({"kind": "fixed", "bits": 1, "ranges": [1, 1]}, "memory.bits must be"),
        ({"kind": "fixed", "bits": 17, "ranges": [1, 1]}, "memory.bits must be"),
        ({"kind": "fixed", "bits": 4, "ranges": [1]}, "memory.ranges must be a list of 2 numbers"),
        ({"kind": "fixed", "bits": 4, "ranges": [1, 0]}, "memory.ranges must be"),
        ({"kind": "fixed", "bits": 4, "ranges": [1, 1], "rounding": "up"}, "memory.rounding must"),
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
    after, writes = memory.program(stored, change, 0, key=0)
    assert after.tolist() == expected
    assert writes == Writes(6, np.count_nonzero(np.array(expected) != stored))


def test_stochastic_writes_of_whole_steps_are_certain() -> None:
    """Nothing is left to chance."""
    memory = Fixed(4, (7.0,), "stochastic")
    for key in range(20):
        after, _ = memory.program(np.array([0.0, 3.0]), np.array([2.0, -1.0]), 0, key)
        assert after.tolist() == [2, 2]


def test_stochastic_writes_draw_for_each_synapse() -> None:
    """Equal wishes, different outcomes: neither all up nor all down."""
    memory = Fixed(4, (7.0,), "stochastic")
    after, _ = memory.program(np.zeros((20, 20)), np.full((20, 20), 0.5), 0, key=1)
    assert 120 < after.sum() < 280
    assert set(after.ravel()) == {0.0, 1.0}


def test_ideal_memory_loses_only_what_float64_loses() -> None:
    """A change below the last bit is a candidate that is not applied."""
    after, writes = Ideal().program(np.array([1.0, 1.0, 1.0]), np.array([0.25, 0, 1e-20]), 0, 0)
    assert after.tolist() == [1.25, 1, 1]
    assert writes == Writes(candidate=2, applied=1)
    assert Ideal().store(after, 0) is after

"""Which training samples are held out, and how many may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import ConfigError
from eqspike.tasks import Samples, Series, Split, Stage
from eqspike.tasks.validation import check_validation, held_out, hold_out


def split(samples: int) -> Split:
    numbers = np.arange(samples)
    return Split(numbers[:, None].astype(np.uint8), numbers.astype(np.int64))


def series(samples: int) -> Series:
    numbers = np.arange(samples, dtype=np.float32)
    return Series(numbers.reshape(-1, 1, 1), numbers.astype(np.int64))


@pytest.mark.parametrize("make", [split, series])
@pytest.mark.parametrize(
    ("validation", "number"), [(0.1, 5), (0.25, 12), (7, 7), (1, 1), (0.001, 1)]
)
def test_each_sample_is_learnt_or_held_out(make: Any, validation: float, number: int) -> None:
    train: Samples = make(50)
    stage = hold_out(Stage("a", train, make(3)), validation, 0)
    assert stage.validation is not None
    assert len(stage.validation) == number
    both = [*stage.train.targets, *stage.validation.targets]
    assert sorted(both) == list(range(50))
    for part in (stage.train, stage.validation):
        assert list(part.targets) == sorted(part.targets)
        np.testing.assert_array_equal(part.inputs.reshape(len(part)), part.targets)
    assert len(stage.test) == 3


def test_the_seed_draws_them() -> None:
    chosen = [
        tuple(hold_out(Stage("a", split(50), split(3)), 10, seed).validation.targets)  # type: ignore[union-attr]
        for seed in (0, 0, 1, 2)
    ]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) == 3
    assert chosen[0] != tuple(range(40, 50))


NONE = (0, 1.0, -0.1, 1.5, True, "0.1", float("nan"), float("inf"), -3, None)


@pytest.mark.parametrize("value", NONE)
def test_other_sizes_are_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"--validation must be a share .* got"):
        check_validation(value, "--validation")


@pytest.mark.parametrize("validation", [5, 6, 0.95])
def test_something_must_be_left_to_learn(validation: float) -> None:
    assert held_out(5, 4) == 4
    with pytest.raises(ConfigError, match="of the 5 training samples and leaves none"):
        held_out(5, validation)

"""Validation samples: training samples that are not learnt from, so that choices need no look at the test set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.core.errors import ConfigError
from eqspike.core.showing import show
from eqspike.tasks.task import Stage

_HELD_OUT = 0x7A11
"""Keeps this draw apart from other streams of the same seed."""


def check_validation(value: object, said: str = "validation") -> float | int:
    """A share of the training samples in (0, 1), or a number of them.

    Args:
        said: what to call it in messages.

    Raises:
        ConfigError: for anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise ConfigError(
        f"{said} must be a share of the training samples between 0 and 1, such as 0.1, or a whole number of them, "
        f"at least 1, got {show(value)}"
    )


def held_out(samples: int, validation: float | int) -> int:
    """How many of the training samples are held out, at least 1.

    Raises:
        ConfigError: if none is left to learn from.
    """
    number = validation if isinstance(validation, int) else max(1, round(validation * samples))
    if number >= samples:
        raise ConfigError(
            f"validation takes {number} of the {samples} training samples and leaves none to learn; take fewer"
        )
    return number


def hold_out(stage: Stage, validation: float | int, seed: int) -> Stage:
    """A stage some of whose training samples are its validation samples, both in their order.

    Which they are is a function of (seed, number of samples): the same for the tasks of a curriculum.

    Raises:
        ConfigError: as `held_out`.
    """
    samples = len(stage.train)
    order = np.random.default_rng([seed, _HELD_OUT]).permutation(samples)
    number = held_out(samples, validation)
    chosen, rest = np.sort(order[:number]), np.sort(order[number:])
    return replace(stage, train=stage.train.take(rest), validation=stage.train.take(chosen))

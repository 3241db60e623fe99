"""What the neurons of a rate-based network did, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays


@dataclass(frozen=True)
class RateTrace:
    """What a batch of samples of a network of rates did, by layer, (samples, steps, neurons) through all phases.

    Attributes:
        values: v after each step; sent: q after each step, what rules see.
        messages: 1 where a neuron sent in the step; empty where values are sent.
    """

    values: Arrays
    sent: Arrays
    messages: Arrays

    @staticmethod
    def of(steps: Sequence[Sequence[Mapping[str, NDArray[Any]]]]) -> RateTrace:
        """From what each step showed of each kind, by layer, (samples, neurons)."""
        kinds = [
            {name: np.stack([step[kind][name] for step in steps], 1) for name in of_kind}
            for kind, of_kind in enumerate(steps[0])
        ]
        return RateTrace(kinds[0], kinds[1], kinds[2] if len(kinds) > 2 else {})

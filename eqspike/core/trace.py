"""What the neurons of a network did, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

States = dict[str, NDArray[Any]]


class Trace(NamedTuple):
    """What a batch of samples did through all phases, each array (samples, steps, neurons).

    Attributes:
        events: by layer, 1 where a neuron spiked or sent a message; empty where every value is sent at every step.
        states: after each step: under a layer's name its membrane potentials or rates v; under other names what
            more an engine shows, such as `hidden current`, or `hidden sent`: what a rate neuron has sent last.
    """

    events: States
    states: States


def sent(layer: str) -> str:
    """Name of the state that holds what a layer of rates has sent last: what rules see."""
    return f"{layer} sent"


def rate_trace(values: States, last_sent: States, messages: States) -> Trace:
    """Trace of a rate-based network from its rates, what was sent last, and who sent (empty: all, always)."""
    return Trace(messages, values | {sent(name): array for name, array in last_sent.items()})


def stacked(steps: Sequence[Sequence[Mapping[str, NDArray[Any]]]]) -> Trace:
    """Trace of a rate-based network from what each step showed of each kind, by layer, (samples, neurons)."""
    kinds = [
        {name: np.stack([step[kind][name] for step in steps], 1) for name in of_kind}
        for kind, of_kind in enumerate(steps[0])
    ]
    return rate_trace(kinds[0], kinds[1], kinds[2] if len(kinds) > 2 else {})

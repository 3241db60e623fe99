"""What engines of rate-based networks in integers share: what fits, its integers, what presenting gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.chips.graded.rounding import (
    DEFAULT_BITS,
    LARGEST_BITS,
    SMALLEST_BITS,
    GradedRounding,
    Source,
    round_rates,
)
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import nudge_signs
from eqspike.memory import Binary
from eqspike.rules.known import nudging_of
from eqspike.systems import RateSystem

Whole = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Batch:
    """What a presentation needs to know beside the network.

    Attributes:
        images: (samples, pixels); targets: (samples, outputs) of 0 and 1; signs: (samples,) of beta, 1 or -1.
        free_steps, nudged_steps: length of each phase.
        passes: nudged phases from the end of the free one: 0, 1, or 2, of which the second has the other sign.
    """

    images: Images
    targets: Whole
    signs: Whole
    free_steps: int
    nudged_steps: int
    passes: int

    @property
    def steps(self) -> int:
        """Of a sample, through all phases."""
        return self.free_steps + self.passes * self.nudged_steps


@dataclass(frozen=True, eq=False)
class Presented:
    """What a batch did.

    Attributes:
        ends: s of the outputs at the end of the free phase, (samples, outputs).
        counts: messages of each neuron by phase, (2, input and free neurons), the onset's in the free phase.
        states, sent: s and q of all free neurons after each step, (samples, steps, neurons), if asked for.
    """

    ends: Whole
    counts: NDArray[np.int64]
    states: Whole
    sent: Whole


class Presenter(Protocol):
    """Runs the integers of a network."""

    def load(self, network: GradedNetwork) -> None:
        """Replace the integers."""
        ...

    def present(self, batch: Batch, traced: bool) -> Presented:
        """Present samples, each from its onset."""
        ...

    def close(self) -> None:
        """End what was started."""
        ...


def read_bits(engine: str, options: tuple[str, ...]) -> int:
    """Bits of a state, from what follows an engine's name.

    Raises:
        UnsupportedError: for anything but a number from 4 to 12.
    """
    if not options:
        return DEFAULT_BITS
    wanted = options[0]
    if (
        len(options) > 1
        or not wanted.isdecimal()
        or not SMALLEST_BITS <= int(wanted) <= LARGEST_BITS
    ):
        raise UnsupportedError(
            f"engine '{engine}:{':'.join(options)}' is unknown for rate neurons; use {engine}, or {engine}:BITS "
            f"with {SMALLEST_BITS} to {LARGEST_BITS} bits of a state"
        )
    return int(wanted)


def round_rate_system(
    system: RateSystem, weights: Arrays, bits: int
) -> tuple[GradedNetwork, GradedRounding]:
    """Integers of a system with these stored weights, the same for every engine."""
    return round_rates(
        Source(
            system.network,
            system.neuron,
            weights,
            nudging_of(system.rule).beta,
            system.messages.threshold,
            bits,
            type(system.memory) is Binary,
        )
    )


def make_batch(
    system: RateSystem, images: Images, labels: Labels | None, keys: Keys, passes: int
) -> Batch:
    """A batch of a system; `labels` are needed where it is nudged."""
    nudging, outputs = nudging_of(system.rule), system.network.output.size
    signs = nudge_signs(system.rule.phases[1].nudge, keys)
    targets = np.zeros((len(images), outputs)) if labels is None else system.targets(labels)
    return Batch(
        images,
        targets.astype(np.int32),
        signs.astype(np.int32),
        nudging.free_steps,
        nudging.nudged_steps,
        passes,
    )


def nudged_passes(system: RateSystem) -> int:
    """Nudged phases of a sample."""
    return 2 if nudging_of(system.rule).centered else 1


def fan_outs(network: GradedNetwork) -> list[list[NDArray[Any]]]:
    """Weights that are not zero of each sending neuron, by coupling and direction."""
    return [
        [
            np.count_nonzero(coupling.mantissas, 1),
            np.count_nonzero(coupling.mantissas, 0) * coupling.bidirectional,
        ]
        for coupling in network.couplings
    ]

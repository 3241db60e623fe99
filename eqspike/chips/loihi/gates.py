"""When a synapse learns, kept in the synapse itself: its tag counts the phases.

Loihi's rules cannot be told what phase it is, but they can be told the time: `u<k>` is 1 in every 2^k-th step.
A tag that its own rule `dt` moves in those steps counts blocks of 2^k steps, and each product of `dw` carries
factors of the tag that vanish in the free phase. No host takes part. Free and nudged phase last 2^k steps each.

    one-sided      t: 0, 32, 0, ...                       factor t
    alternating    t: 160, 224, -160, -32, 160, ...       factors (t + 160)(t - 160): 0, +24576, 0, -24576

A tag of 32, not 1: the chip shifts a product of a trace (7 bits), a tag (9) and a mantissa (4) back by 5 to fit
16 bits, which would leave nothing of a trace times 1. Two factors of the tag are shifted back by 14, so they are
worth +-1.5, whole only for even mantissas. That both values have one size rests on 5^2 - 1 = 7^2 - 5^2.

Source of the arithmetic: Lava 0.10, magma/core/learning/learning_rule_applier.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.chips.loihi.traces import FACTOR_BITS
from eqspike.core.errors import UnsupportedError

LARGEST_DECIMATION = 9
"""Lava reads one digit of the k in `u<k>`."""


@dataclass(frozen=True)
class Gate:
    """How a tag switches learning on and off, and its sign.

    Attributes:
        factors: text appended to each product; offsets: what is added to the tag in each of them.
        tags: values of the tag in successive blocks, the first one free; then they repeat.
        change: the rule `dt`, with `{k}` where the exponent of the decimation stands.
        gain: size of the factors after the chip has shifted the product back.
        mantissas: scales that make products whole, ascending.
    """

    factors: str
    offsets: tuple[int, ...]
    tags: tuple[int, ...]
    change: str
    gain: float
    mantissas: tuple[int, ...]

    @property
    def factor_bits(self) -> int:
        """Width of a trace and the factors of the tag."""
        return FACTOR_BITS["trace"] + len(self.offsets) * FACTOR_BITS["tag"]

    def value(self, block: int) -> int:
        """Product of the tag's factors in a block, counted from 0."""
        tag = self.tags[block % len(self.tags)]
        result = 1
        for offset in self.offsets:
            result *= tag + offset
        return result

    def rule(self, exponent: int) -> str:
        """The text of `dt` for phases of 2^exponent steps."""
        return self.change.format(k=exponent)


ONE_SIDED = Gate(
    factors="*t",
    offsets=(0,),
    tags=(0, 32),
    change="2^5*u{k}*1 - 2*u{k}*t",
    gain=1.0,
    mantissas=(1, 2, 3, 4, 5, 6, 7),
)
"""Learns in every second block."""

ALTERNATING = Gate(
    factors="*(t+160)*(t-160)",
    offsets=(160, -160),
    tags=(160, 224, -160, -32),
    # Summed in this order, no partial sum leaves the accumulator's 9 bits.
    change="-2^6*u{k}*sgn(t-64) - 2^7*u{k}*1 + 2^5*u{k}*sgn(t+96) - 7*2^5*u{k}*sgn(t-192)",
    gain=1.5,
    mantissas=(2, 4, 6),
)
"""Learns in every second block, with plus and minus in turn, as the teacher's beta."""


def decimation(free_steps: int, nudged_steps: int) -> int:
    """k of phases that last 2^k steps.

    Raises:
        UnsupportedError: for phases of other or of different length.
    """
    exponent = free_steps.bit_length() - 1
    if free_steps != nudged_steps or free_steps != 1 << exponent or exponent > LARGEST_DECIMATION:
        raise UnsupportedError(
            "learning on the chip needs free_steps and nudged_steps equal and a power of two up to "
            f"{1 << LARGEST_DECIMATION}, got {free_steps} and {nudged_steps}"
        )
    return exponent

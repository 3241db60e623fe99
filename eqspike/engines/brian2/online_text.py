"""Learning event by event as Brian2 text: each evaluation of the rule is written to the weight memory at once.

`stored` is what the memory holds, `w` (or `bias`) what the dynamics reads: the same on the summation grid.
A write is the twin of `WeightMemory.write`, with the random number of its place: it rounds like the fast one.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.errors import UnsupportedError
from eqspike.core.grid import STEPS_PER_UNIT
from eqspike.core.local_rule import LocalRule, Side
from eqspike.engines.brian2.rule_text import combination
from eqspike.memory import Fixed, Ideal, WeightMemory

WRITTEN = "stored : volt\ncandidate : integer\napplied : integer\n"
"""State of a synapse that learns: what the memory holds, and how many writes were asked for and changed it."""

BIAS = "bias_"
BIAS_WRITTEN = "".join(f"{BIAS}{line}\n" for line in WRITTEN.splitlines())
"""The same of a bias. Brian2 wants other names here: a synapse sees its target's variables."""

REACHED = "".join(
    f"{way}_{phase} : integer\n" for way in ("ahead", "back") for phase in ("free", "nudged")
)
"""Spikes that a synapse delivered with a non-zero weight, by direction and phase."""


@dataclass(frozen=True)
class Place:
    """Whose rate and random stream a write takes.

    Attributes:
        target: name of the layer the coupling leads to; the rate is shared with its biases.
        memory: what is written to; coupling: its index.
    """

    target: str
    memory: WeightMemory
    coupling: int


def synapse_write(rule: LocalRule, spike: Side, place: Place) -> str:
    """Statements where the side `spike` of a synapse fired."""
    change = f"{_rate(place)}*({combination(rule, spike)})"
    return _write(change, _programmed(place, spike), "w", "")


def bias_write(rule: LocalRule, place: Place) -> str:
    """Statements of a bias in each step; biases are held in float64."""
    change = f"{_rate(place)}*({combination(rule, 'pre', of_synapse=False)})"
    return _write(change, f"{BIAS}stored + delta", "bias", BIAS)


def count_reached(way: str) -> str:
    """Statements that count one delivery in the direction `way`, `ahead` or `back`."""
    filled = "int(w != 0*volt)"
    return (
        f"{way}_free += {filled}*int(nudged(t) == 0)\n{way}_nudged += {filled}*int(nudged(t) > 0)"
    )


def rounds_at_random(memory: WeightMemory) -> bool:
    """Whether the statements of a write draw random numbers."""
    return type(memory) is Fixed and memory.rounding == "stochastic"


def _rate(place: Place) -> str:
    return f"rate_{place.target}(t)"


def _write(change: str, asked: str, read: str, prefix: str) -> str:
    steps = STEPS_PER_UNIT["float64"]
    return f"""
delta = {change}
asked = {asked}
{prefix}candidate += int(delta != 0*volt)
{prefix}applied += int(asked != {prefix}stored)
{prefix}stored = asked
{read} = nearest(asked/volt*{steps!r})/{steps!r}*volt
"""


def _programmed(place: Place, spike: Side) -> str:
    """What the memory holds after being asked for `stored + delta`."""
    memory = place.memory
    if type(memory) is Ideal:
        return "stored + delta"
    if type(memory) is not Fixed:
        raise UnsupportedError(f"no text of a single write to memory.kind {memory.kind}")
    step, largest = memory.step(place.coupling), memory.largest_code
    wanted = f"(stored + delta)/volt/{step!r}"
    code = {
        "nearest": f"nearest({wanted})",
        "floor": f"floor({wanted})",
        "stochastic": f"floor({wanted} + {_draw(place, spike)})",
    }[memory.rounding]
    # Values of codes lie on a binary grid, so this sum is exact: the new one, or the old where nothing is asked.
    new = f"clip({code}, -{largest}, {largest})*{step!r}*volt"
    return f"stored + int(delta != 0*volt)*({new} - stored)"


def _draw(place: Place, spike: Side) -> str:
    side = 0 if spike == "pre" else 1
    position = f"((2*learning_step(t) + {side})*N_pre + i)*N_post + j"
    return f"chance(key_high_{place.target}(t), key_low_{place.target}(t), {position})"

"""What the engines that learn as Loihi does share: which systems can, and the rules of their couplings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import STATE_SHIFT
from eqspike.chips.loihi.gates import ALTERNATING, ONE_SIDED, decimation
from eqspike.chips.loihi.rule_text import LoihiRule, print_rule
from eqspike.core.learner import Arrays
from eqspike.engines.integers.loihi import plastic_memory, plastic_unit
from eqspike.engines.offers import refuse_learning
from eqspike.systems import System

_SEEDS = 2**30
"""Lava adds small numbers to a rule's seed."""

ROUNDING_SEED = 2
"""Lava rounds the weights of every learning connection by the numbers of this seed, whatever the rule's."""

POST_SEED = 2
"""Lava seeds the postsynaptic traces of a connection with the rule's seed + 2, the presynaptic ones with the seed.
A transposed copy gets a seed 2 higher, so that the traces of the upper layer carry alike in both copies."""


def rule_seed(write_key: int, coupling: int, *, transposed: bool) -> int:
    """Seed of the learning rule of one copy of a coupling in Lava."""
    return write_key % _SEEDS + 2 * POST_SEED * coupling + POST_SEED * transposed


def drift(forward: NDArray[Any], back: NDArray[Any]) -> float:
    """||W - V^T|| / ||W|| of the copies W (below, above) and V (above, below) of a coupling."""
    size = float(np.linalg.norm(forward))
    return float(np.linalg.norm(np.asarray(forward, float) - back.T)) / size if size else 0.0


def refuse_unlearnable(system: System, engine: str) -> None:
    """Refuse a system whose rule Loihi's learning engine cannot run.

    Raises:
        UnsupportedError: saying what works instead.
    """
    refuse_learning(system, engine)
    decimation(system.rule.free_steps, system.rule.nudged_steps)
    plastic_unit(system)


def loihi_rules(system: System, rate_factor: float) -> tuple[LoihiRule, ...]:
    """The rule of each coupling, from the input; checked by `refuse_unlearnable`.

    Args:
        rate_factor: multiplies the learning rates.
    """
    rule, unit = system.rule, plastic_unit(system)
    gate = ALTERNATING if rule.alternating else ONE_SIDED
    exponent = decimation(rule.free_steps, rule.nudged_steps)
    printed = []
    for index, coupling in enumerate(system.network.couplings):
        scale = system.learning_rates[index] * rate_factor / rule.beta
        codes = unit / 2.0 ** (STATE_SHIFT + plastic_exponent(system, index))
        printed.append(
            print_rule(
                rule.local_rule, scale, codes, gate, exponent, clamped=not coupling.bidirectional
            )
        )
    return tuple(printed)


def represented_codes(system: System, network: LoihiNetwork, stored: Arrays) -> Arrays:
    """Weights that learnt mantissas stand for, as the memory holds them (it has no -256); biases as stored."""
    result = dict(stored)
    for index, coupling in enumerate(network.couplings):
        codes = coupling.mantissas * plastic_memory(system).step(index)
        result[coupling.name] = system.memory.store(codes, index)
    return result


def plastic_exponent(system: System, coupling: int) -> int:
    """Exponent of the plastic weights of a coupling."""
    unit = plastic_unit(system)
    return round(math.log2(unit * plastic_memory(system).step(coupling) / 2**STATE_SHIFT))

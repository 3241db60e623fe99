"""What the engines that compute in Loihi's integers share: which systems fit, and how weights become integers."""

from __future__ import annotations

import math
from typing import cast

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import (
    LARGEST_EXPONENT,
    STATE_SHIFT,
    sign_mode,
    truncated_weights,
)
from eqspike.chips.loihi.rounding import RoundingReport, round_network
from eqspike.chips.loihi.scale import Source
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.core.neurons import CurrentBased
from eqspike.engines.offers import refuse_unlike
from eqspike.memory import Fixed
from eqspike.systems import System


def rounding_source(system: System, weights: Arrays, plastic: bool = False) -> Source:
    """What is rounded of a system with these stored weights; `plastic` weights get mantissas of all nine bits.

    Raises:
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry.
    """
    refuse_unlike(system, "fast-int")
    memory, couplings = system.memory, range(len(system.network.couplings))
    return Source(
        system.network,
        cast(CurrentBased, system.neuron),
        weights,
        system.rule.beta,
        system.rule.target_rate,
        system.rule.both_signs,
        tuple(memory.step(index) for index in couplings) if type(memory) is Fixed else None,
        plastic,
    )


def plastic_memory(system: System) -> Fixed:
    """The system's memory, if it holds what the chip's plastic weights hold.

    Raises:
        UnsupportedError: for another memory.
    """
    memory = system.memory
    if type(memory) is not Fixed or (memory.bits, memory.rounding) != (9, "stochastic"):
        raise UnsupportedError(
            "plastic weights on Loihi are whole numbers of nine bits, rounded by chance; "
            "set memory: {kind: fixed, bits: 9, rounding: stochastic}"
        )
    return memory


def plastic_unit(system: System) -> float:
    """Unit at which one code of the memory is one step of the mantissa, with exponents from 0.

    Raises:
        UnsupportedError: for a memory that does not hold the chip's plastic weights.
    """
    memory = plastic_memory(system)
    steps = [memory.step(index) for index in range(len(system.network.couplings))]
    ratios = [math.log2(step / min(steps)) for step in steps]
    if any(abs(ratio - round(ratio)) > 1e-5 for ratio in ratios) or max(ratios) > LARGEST_EXPONENT:
        raise UnsupportedError(
            "memory.ranges of a network on Loihi must differ by powers of two, so that one unit serves "
            f"all couplings, got {list(memory.ranges)}"
        )
    return float(2**STATE_SHIFT / min(steps))


def stored_weights(system: System, weights: Arrays) -> Arrays:
    """Weights as the system's memory holds them; biases as given."""
    held = dict(weights)
    for index, coupling in enumerate(system.network.couplings):
        held[coupling.name] = system.memory.store(weights[coupling.name], index)
    return held


def round_system(
    system: System, weights: Arrays, unit: float | None = None
) -> tuple[LoihiNetwork, RoundingReport]:
    """Integers of a system, the same for every engine.

    Args:
        system: one that engine fast-int runs; weights: by name, as its memory stores them.
        unit: integer steps that stand for 1.0; without, a function of the weights alone. The weights of a system
            that learns online are plastic: mantissas are the memory's codes, and the unit follows from them.
    """
    if system.rule.online and unit is None:
        return round_network(rounding_source(system, weights, plastic=True), plastic_unit(system))
    return round_network(rounding_source(system, weights), unit)


def odd_coupling(network: LoihiNetwork) -> str | None:
    """The first coupling with weights that static synapses of eight bits cannot hold: one bit would be lost."""
    for coupling in network.couplings:
        mode = sign_mode(coupling.mantissas)
        if (truncated_weights(coupling.mantissas, mode) != coupling.mantissas).any():
            return coupling.name
    return None


def refuse_odd_weights(network: LoihiNetwork) -> None:
    """Refuse weights that static synapses cannot hold.

    Raises:
        UnsupportedError: naming the coupling.
    """
    coupling = odd_coupling(network)
    if coupling is not None:
        raise UnsupportedError(
            f"coupling '{coupling}': static weights of mixed sign must be even mantissas, got odd "
            "ones; round the network without plastic weights"
        )

"""Learning event by event: what a run needs to write to the weight memory, and what it leaves there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Arrays, Keys
from eqspike.core.phases import Phase, by_step, total_steps
from eqspike.core.random_stream import stream_key
from eqspike.engines.brian2.circuit import Circuit
from eqspike.engines.brian2.functions import halves
from eqspike.engines.brian2.online_text import rounds_at_random
from eqspike.memory import Writes
from eqspike.systems import System


@dataclass(frozen=True)
class Writing:
    """How the events of a block write.

    Attributes:
        rates: learning rate of each coupling.
        keys: (samples, couplings) random streams of the writes.
    """

    rates: tuple[float, ...]
    keys: Keys


@dataclass(frozen=True)
class Written:
    """What a run did to the weight memory.

    Attributes:
        stored: what it holds now, by weight or bias name; writes: how many it took.
        reached: deliveries through non-zero weights, by (phase, name of the direction).
    """

    stored: Arrays
    writes: dict[str, Writes]
    reached: dict[tuple[str, str], int]


def writing_of(
    system: System, rate_factor: float, write_key: int, first: int, samples: int
) -> Writing:
    """Rates and random streams of `samples` samples of a batch from `first`, as in the fast engine."""
    couplings = range(len(system.network.couplings))
    keys = [
        [stream_key(write_key, sample, index) for index in couplings]
        for sample in range(first, first + samples)
    ]
    return Writing(
        tuple(rate * rate_factor for rate in system.learning_rates), np.array(keys, np.uint64)
    )


def no_writing(system: System) -> Writing:
    """A stand-in for one sample, with the shapes of `writing_of`."""
    return writing_of(system, 0.0, 0, 0, 1)


def writing_functions(system: System, writing: Writing, betas: NDArray[np.float64]) -> Arrays:
    """Functions of time that the statements of `online_text` read; rates are 0 where nothing is learnt.

    Args:
        betas: (samples, phases), signed.
    """
    phases = system.rule.phases
    period, learns = total_steps(phases), [phase.learns for phase in phases]
    learnt = np.cumsum(by_step(phases, learns)) - 1
    nudged = [phase.kind == "nudged" for phase in phases]
    functions: Arrays = {"nudged": flags_by_step(phases, nudged, len(betas))}
    for index, coupling in enumerate(system.network.couplings):
        rates = np.divide(
            writing.rates[index], betas, out=np.zeros_like(betas), where=np.broadcast_to(learns, betas.shape)
        )  # fmt: skip
        target = coupling.post.name
        functions[f"rate_{target}"] = np.concatenate([by_step(phases, each) for each in rates])
        if rounds_at_random(system.memory):
            high, low = halves(np.repeat(writing.keys[:, index], period))
            functions[f"key_high_{target}"], functions[f"key_low_{target}"] = high, low
            functions["learning_step"] = np.tile(np.maximum(learnt, 0), len(betas)).astype(
                np.float64
            )
    return functions


def flags_by_step(
    phases: Sequence[Phase], flags: Sequence[bool], samples: int
) -> NDArray[np.float64]:
    """A flag of each phase as 0 and 1, one a time step of all samples."""
    return np.tile(by_step(phases, flags), samples).astype(np.float64)


def written_by(system: System, circuit: Circuit) -> Written:
    """Read the memory and the counters after a run."""
    shapes: dict[str, tuple[int, ...]] = {
        coupling.name: coupling.shape for coupling in system.network.couplings
    }
    shapes.update({f"{layer.name}.bias": (layer.size,) for layer in system.network.free_layers})
    stored, writes = {}, {}
    for name, shape in shapes.items():
        holder, prefix = circuit.holder(name)
        held = getattr(holder, f"{prefix}stored_")
        stored[name] = np.array(held[:], np.float64).reshape(shape)
        asked, changed = (getattr(holder, prefix + counter) for counter in ("candidate", "applied"))
        writes[name] = Writes(int(np.sum(asked[:])), int(np.sum(changed[:])))
    reached = {}
    for coupling in system.network.couplings:
        synapses = circuit.synapses[coupling.name]
        for way, direction in zip(("ahead", "back"), coupling.directions, strict=False):
            for phase in ("free", "nudged"):
                counter = getattr(synapses, f"{way}_{phase}")
                reached[phase, direction] = int(np.sum(counter[:]))
    return Written(stored, writes, reached)

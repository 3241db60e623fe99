"""One Brian2 run over a block of samples: what goes in as functions of time, what comes out as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from brian2 import TimedArray, ms, volt
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.phases import by_step, total_steps
from eqspike.engines.brian2.circuit import Circuit
from eqspike.engines.brian2.equations import STEP_MS
from eqspike.engines.brian2.functions import online_functions
from eqspike.engines.brian2.printing import Mode
from eqspike.engines.brian2.writing import (
    Writing,
    Written,
    flags_by_step,
    writing_functions,
    written_by,
)
from eqspike.systems import System
from eqspike.systems.weights import nudge_strengths

UNITS = {"beta": volt, "gain": 1 / volt, "rate": volt}
"""Units of the functions of time, by the first word of their name; the others have none."""


@dataclass(frozen=True)
class Block:
    """What one run is given.

    Attributes:
        weights: weights and biases that act, on the summation grid, in volts.
        functions: values of the functions of time, one row a time step, in the base units of `UNITS`.
        samples: number of samples, presented one after the other.
        stored: what the memory holds, by the names of `weights`, where it is written to in the run.
    """

    weights: Arrays
    functions: Arrays
    samples: int
    stored: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Recording:
    """What happened in one run.

    Attributes:
        spikes: by layer name, (time step of the run, neuron) of every spike.
        potentials: by name of a watched layer, membrane potentials: (samples, steps, neurons).
        changes: by coupling, and by bias where a batch is learnt: change asked for, summed over the samples.
        samples: number of samples; period: time steps of each.
        written: what became of the memory, where each event changes it.
    """

    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    potentials: Arrays
    changes: Arrays
    samples: int
    period: int
    written: Written | None

    def raster(self, layer: str, size: int) -> NDArray[np.uint8]:
        """Spikes of a layer: (samples, steps, neurons) of 0 and 1."""
        result = np.zeros((self.samples * self.period, size), np.uint8)
        result[self.spikes[layer]] = 1
        return result.reshape(self.samples, self.period, size)


class Runner(Protocol):
    """A circuit with the means to run it."""

    @property
    def circuit(self) -> Circuit: ...

    @property
    def seconds(self) -> dict[str, float]:
        """Time spent outside this process so far, by what it went to."""
        ...

    def run(self, block: Block, watched: tuple[str, ...]) -> Recording:
        """Present a block with fixed weights; the membrane potentials of the layers `watched` are recorded."""
        ...

    def close(self) -> None:
        """Remove what the runner keeps outside this process; it cannot run again."""
        ...


def block_of(
    system: System, mode: Mode, stored: Arrays, images: Images, labels: Labels, keys: Keys,
    writing: Writing | None = None,
) -> Block:  # fmt: skip
    """Prepare a run.

    Args:
        system: what is simulated; mode: which phases, and whether weights change.
        stored: stored weights; they act rounded to the summation grid.
        images, labels, keys: one entry a sample; labels matter where there is a nudged phase.
        writing: rates and random streams, where each event changes weights.
    """
    functions = {"stimulus": _stimulus(system, mode, images, keys)}
    if mode.learns:
        betas = nudge_strengths(system.rule, keys)
        functions.update(_teaching(system, labels, betas))
        functions.update(
            _gain(system, betas) if writing is None else writing_functions(system, writing, betas)
        )
    weights = {name: snap(array) for name, array in stored.items()}
    return Block(weights, functions, len(images), stored if mode is Mode.ONLINE else {})


def namespace_of(mode: Mode, functions: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's statements may name: the functions of time, and those that writing needs."""
    return {**functions, **(online_functions() if mode is Mode.ONLINE else {})}


def duration(circuit: Circuit, samples: int) -> Any:
    """Simulated time of a run, with its unit."""
    return samples * circuit.period * STEP_MS * ms


def recording_of(
    system: System, circuit: Circuit, samples: int, watched: tuple[str, ...]
) -> Recording:
    """Copies of what a circuit's monitors and synapses hold after a run."""
    spikes = {
        name: (np.rint(monitor.t_ * (1000 / STEP_MS)).astype(np.int64), np.array(monitor.i[:]))
        for name, monitor in circuit.spikes.items()
    }
    potentials = {
        name: np.array(circuit.potentials[name].v_).T.reshape(
            samples, circuit.period, circuit.groups[name].N
        )
        for name in watched
    }
    changes = _changes(system, circuit) if circuit.mode is Mode.BATCH else {}
    written = written_by(system, circuit) if circuit.mode is Mode.ONLINE else None
    return Recording(spikes, potentials, changes, samples, circuit.period, written)


def function_of_time(name: str, values: NDArray[np.float64]) -> Any:
    """A function for the texts of `printing`, from its values in base units, one row a time step."""
    unit = UNITS.get(name.split("_")[0], 1)
    return TimedArray(values * unit, dt=STEP_MS * ms, name=f"{name}_of_time")


def lengthened(values: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Values followed by zeros up to a number of rows, if they are fewer."""
    if len(values) >= rows:
        return values
    result = np.zeros((rows, *values.shape[1:]))
    result[: len(values)] = values
    return result


def _stimulus(system: System, mode: Mode, images: Images, keys: Keys) -> NDArray[np.float64]:
    rule = system.rule
    steps = total_steps(rule.phases)
    sent = [
        system.encoder.encode(image, steps, int(key))[: mode.period(rule)]
        for image, key in zip(images, keys, strict=True)
    ]
    return np.asarray(np.concatenate(sent), np.float64)


def _teaching(system: System, labels: Labels, betas: NDArray[np.float64]) -> Arrays:
    """Nudging strength, the flags of learning and the targets, as functions of time."""
    phases, samples = system.rule.phases, len(labels)
    targets = np.zeros((samples, system.network.output.size))
    targets[np.arange(samples), labels] = system.rule.target_rate
    return {
        "learns": flags_by_step(phases, [phase.learns for phase in phases], samples),
        "beta": np.concatenate([by_step(phases, of_sample) for of_sample in betas]),
        "target": np.repeat(targets, total_steps(phases), axis=0),
    }


def _gain(system: System, betas: NDArray[np.float64]) -> Arrays:
    """Factor of the changes that are summed for the end of the batch: 1 / beta in phases that learn."""
    phases = system.rule.phases
    learns = np.broadcast_to([phase.learns for phase in phases], betas.shape)
    gains = np.divide(1, betas, out=np.zeros_like(betas), where=learns)
    return {"gain": np.concatenate([by_step(phases, of_sample) for of_sample in gains])}


def _changes(system: System, circuit: Circuit) -> Arrays:
    result: Arrays = {}
    for coupling in system.network.couplings:
        synapses = circuit.synapses[coupling.name]
        result[coupling.name] = np.reshape(synapses.total_ + synapses.change_, coupling.shape)
    for layer in system.network.free_layers:
        group = circuit.groups[layer.name]
        result[f"{layer.name}.bias"] = np.asarray(group.bias_total_ + group.bias_change_)
    return result

"""One Brian2 run over a block of samples: what goes in as functions of time, what comes out as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from brian2 import TimedArray, ms, volt
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.engines.brian2.circuit import Circuit
from eqspike.engines.brian2.equations import STEP_MS
from eqspike.engines.parameters import nudge_signs
from eqspike.engines.protocol import Arrays, Images, Keys, Labels, System

UNITS = {"stimulus": 1, "learns": 1, "beta": volt, "gain": 1 / volt, "target": 1}
"""Units of the functions of time."""


@dataclass(frozen=True)
class Block:
    """What one run is given.

    Attributes:
        weights: weights and biases that act, on the summation grid, in volts.
        functions: values of the functions of time, one row a time step, in the base units of `UNITS`.
        samples: number of samples, presented one after the other.
    """

    weights: Arrays
    functions: Arrays
    samples: int


@dataclass(frozen=True)
class Recording:
    """What happened in one run.

    Attributes:
        spikes: by layer name, (time step of the run, neuron) of every spike.
        potentials: by name of a watched layer, membrane potentials: (samples, steps, neurons).
        changes: by coupling, and by bias where the circuit learns: change asked for, summed over the samples.
        samples: number of samples; period: time steps of each.
    """

    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    potentials: Arrays
    changes: Arrays
    samples: int
    period: int

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
    system: System, learns: bool, weights: Arrays, images: Images, labels: Labels, keys: Keys
) -> Block:
    """Prepare a run.

    Args:
        system: what is simulated; learns: both phases, or the free phase alone.
        weights: stored weights; they act rounded to the summation grid.
        images, labels, keys: one entry a sample; labels matter where the circuit learns.
    """
    functions = {"stimulus": _stimulus(system, learns, images, keys)}
    if learns:
        functions.update(_teaching(system, labels, nudging_strengths(system, keys)))
    return Block({name: snap(array) for name, array in weights.items()}, functions, len(images))


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
        name: np.array(circuit.potentials[name].v_).T.reshape(samples, circuit.period, -1)
        for name in watched
    }
    return Recording(spikes, potentials, _changes(system, circuit), samples, circuit.period)


def nudging_strengths(system: System, keys: Keys) -> NDArray[np.float64]:
    """Nudging strength of each presentation, with its sign: the draw of the fast engine."""
    return system.rule.beta * nudge_signs(system, keys)


def function_of_time(name: str, values: NDArray[np.float64]) -> Any:
    """A function for the texts of `printing`, from its values in base units, one row a time step."""
    return TimedArray(values * UNITS[name], dt=STEP_MS * ms, name=f"{name}_of_time")


def _stimulus(system: System, learns: bool, images: Images, keys: Keys) -> NDArray[np.float64]:
    rule = system.rule
    steps = rule.free_steps + rule.nudged_steps
    period = steps if learns else rule.free_steps
    sent = [
        system.encoder.encode(image, steps, int(key))[:period]
        for image, key in zip(images, keys, strict=True)
    ]
    return np.asarray(np.concatenate(sent), np.float64)


def _teaching(system: System, labels: Labels, betas: NDArray[np.float64]) -> Arrays:
    """Nudging strength, its inverse, the phase flag and the targets, as functions of time."""
    rule = system.rule
    period = rule.free_steps + rule.nudged_steps
    learns = np.tile(np.arange(period) >= rule.free_steps, len(labels))
    strength = np.repeat(betas, period)
    targets = np.zeros((len(labels), system.network.output.size))
    targets[np.arange(len(labels)), labels] = rule.target_rate
    return {
        "learns": learns.astype(np.float64),
        "beta": np.where(learns, strength, 0.0),
        "gain": np.where(learns, 1 / strength, 0.0),
        "target": np.repeat(targets, period, axis=0),
    }


def _changes(system: System, circuit: Circuit) -> Arrays:
    if not circuit.learns:
        return {}
    result: Arrays = {}
    for coupling in system.network.couplings:
        synapses = circuit.synapses[coupling.name]
        result[coupling.name] = np.reshape(synapses.total_ + synapses.change_, coupling.shape)
    for layer in system.network.free_layers:
        group = circuit.groups[layer.name]
        result[f"{layer.name}.bias"] = np.asarray(group.bias_total_ + group.bias_change_)
    return result

"""One Brian2 run over a block of samples: what goes in as functions of time, what comes out as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import TimedArray, ms, volt
from numpy.typing import NDArray

from eqspike.core.grid import snap
from eqspike.core.random_stream import draws
from eqspike.engines.brian2.circuit import Circuit
from eqspike.engines.brian2.equations import STEP_MS
from eqspike.engines.protocol import Arrays, Images, Keys, Labels, System

_SIGN_POSITION = np.uint64(1 << 63)


@dataclass(frozen=True)
class Recording:
    """What happened in one run.

    Attributes:
        spikes: by layer name, (time step of the run, neuron) of every spike.
        changes: by coupling, and by bias where the circuit learns: change asked for, summed over the samples.
        samples: number of samples; period: time steps of each.
    """

    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    changes: Arrays
    samples: int
    period: int

    def raster(self, layer: str, size: int) -> NDArray[np.uint8]:
        """Spikes of a layer: (samples, steps, neurons) of 0 and 1."""
        result = np.zeros((self.samples * self.period, size), np.uint8)
        result[self.spikes[layer]] = 1
        return result.reshape(self.samples, self.period, size)


def run_samples(
    system: System, circuit: Circuit, weights: Arrays, images: Images, labels: Labels,
    betas: NDArray[np.float64], keys: Keys, potentials: tuple[str, ...],
) -> Recording:  # fmt: skip
    """Present samples one after the other in a single run, with fixed weights.

    Args:
        system: what is simulated; circuit: its network.
        weights: stored weights; they act rounded to the summation grid.
        images, labels, betas, keys: one entry a sample; labels and betas matter where the circuit learns.
        potentials: layers whose membrane potentials are recorded.
    """
    circuit.network.restore("start")
    _load(system, circuit, weights)
    for name, monitor in circuit.potentials.items():
        monitor.active = name in potentials
    namespace = _stimulus(system, circuit, images, keys)
    if circuit.learns:
        namespace.update(_teaching(system, circuit, labels, betas))
    circuit.network.run(len(images) * circuit.period * STEP_MS * ms, namespace=namespace)
    spikes = {
        name: (np.rint(monitor.t_ * (1000 / STEP_MS)).astype(np.int64), np.array(monitor.i[:]))
        for name, monitor in circuit.spikes.items()
    }
    return Recording(spikes, _changes(system, circuit), len(images), circuit.period)


def recorded_potentials(circuit: Circuit, layer: str, samples: int) -> NDArray[np.float64]:
    """Membrane potentials of a recorded layer in the last run: (samples, steps, neurons)."""
    # A copy: the monitor's own array is overwritten by the next run.
    values = np.array(circuit.potentials[layer].v_).T
    return values.reshape(samples, circuit.period, -1)


def nudging_strengths(system: System, keys: Keys) -> NDArray[np.float64]:
    """Nudging strength of each presentation, with its sign: the draw of the fast engine."""
    rule = system.rule
    betas = np.full(len(keys), rule.beta)
    if rule.random_sign:
        betas[(draws(0, keys ^ _SIGN_POSITION) & np.uint64(1)) == 1] *= -1
    return betas


def _load(system: System, circuit: Circuit, weights: Arrays) -> None:
    for coupling in system.network.couplings:
        circuit.synapses[coupling.name].w = snap(weights[coupling.name]).ravel() * volt
    for layer in system.network.free_layers:
        circuit.groups[layer.name].bias = snap(weights[f"{layer.name}.bias"]) * volt


def _stimulus(system: System, circuit: Circuit, images: Images, keys: Keys) -> dict[str, Any]:
    rule = system.rule
    steps = rule.free_steps + rule.nudged_steps
    sent = [
        system.encoder.encode(image, steps, int(key))[: circuit.period]
        for image, key in zip(images, keys, strict=True)
    ]
    return {"stimulus": TimedArray(np.concatenate(sent), dt=STEP_MS * ms)}


def _teaching(
    system: System, circuit: Circuit, labels: Labels, betas: NDArray[np.float64]
) -> dict[str, Any]:
    """Nudging strength, its inverse, the phase flag and the targets, as functions of time."""
    rule = system.rule
    learns = np.tile(np.arange(circuit.period) >= rule.free_steps, len(labels))
    strength = np.repeat(betas, circuit.period)
    targets = np.zeros((len(labels), system.network.output.size))
    targets[np.arange(len(labels)), labels] = rule.target_rate
    step = STEP_MS * ms
    return {
        "learns": TimedArray(learns.astype(float), dt=step),
        "beta": TimedArray(np.where(learns, strength, 0.0) * volt, dt=step),
        "gain": TimedArray(np.where(learns, 1 / strength, 0.0) / volt, dt=step),
        "target": TimedArray(np.repeat(targets, circuit.period, axis=0), dt=step),
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

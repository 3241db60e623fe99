"""Counting our own networks from outside gives what the engines counted inside, to the event."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.neurons import CurrentBased
from eqspike.counting import Connection, count_arrays, count_brian2, count_lava, count_nir
from eqspike.engines.fast import FastSession
from eqspike.experiment import load_model
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.tasks import load_task
from eqspike.tasks.encoders import ENCODERS
from eqspike.testing import SIZES, fixed_memory, samples, small_system

Spikes = dict[str, NDArray[Any]]
NEURON = CurrentBased(0.3, 0.1, 0.9)


def connections(system: System, weights: Arrays) -> list[Connection]:
    """Both directions of each coupling but the first."""
    found = []
    for coupling in system.network.couplings:
        pre, post, matrix = coupling.pre.name, coupling.post.name, weights[coupling.name]
        found.append(Connection.dense(pre, post, matrix))
        if coupling.bidirectional:
            found.append(Connection.dense(post, pre, matrix.T))
    return found


def sent(system: System, images: Images, keys: Keys) -> NDArray[Any]:
    """What the input layer sends in both phases; nothing if it sends currents."""
    steps = system.rule.free_steps + system.rule.nudged_steps
    trains = [
        system.encoder.encode(image, steps, int(key))
        for image, key in zip(images, keys, strict=True)
    ]
    return np.stack(trains) if system.encoder.spikes else np.zeros_like(np.stack(trains))


def free_phase(system: System, spikes: Spikes) -> Spikes:
    return {name: raster[:, : system.rule.free_steps] for name, raster in spikes.items()}


def of_network(counts: EventCounts) -> dict[str, Any]:
    """Counts by phase without what spikes do not tell: traces, rule evaluations and writes."""
    return {
        name: (
            phase.sample_steps,
            {n: (layer.spikes, layer.neuron_updates) for n, layer in phase.layers.items()},
            phase.couplings,
        )
        for name, phase in counts.phases.items()
        if name != "update"
    }


@pytest.mark.parametrize("encoder", ENCODERS)
def test_arrays_of_training_and_of_inference(encoder: str) -> None:
    """Two hidden layers, many weights of zero, both phases."""
    system = small_system(SIZES[1], NEURON, encoder, fixed_memory(2, "nearest", 3))
    images, labels, keys = samples(system, 5)
    with FastSession(system, seed=3, threads=1) as session:
        raster, _ = session.trace(images, labels, keys)
        spikes = {"input": sent(system, images, keys), **raster}
        synapses = connections(system, session.weights())
        session.scores(images, keys)
        inference = session.take_counts()
        session.fit(images, labels, keys, 0.5, 77)
        training = session.take_counts()
    assert count_arrays(free_phase(system, spikes), synapses, inputs=["input"]) == inference
    phases = {"free": system.rule.free_steps, "nudged": system.rule.nudged_steps}
    counted = count_arrays(spikes, synapses, inputs=["input"], phases=phases)
    assert of_network(counted) == of_network(training)
    last = inference.phases["free"].couplings["output->hidden2"]
    assert 0 < last.effective_synaptic_operations < last.synaptic_operations


@pytest.mark.parametrize("form", ["population", "layers"])
def test_the_nir_graph_of_a_digits_model(form: str) -> None:
    """Real digits; either form of the graph."""
    pytest.importorskip("nir")
    from eqspike.deploy.nir import nir_graph

    system = load_model("eqspike-digits-loihi").system
    images = load_task("digits").load("test").images[:4]
    labels, keys = np.zeros(4, np.int64), np.arange(4, dtype=np.uint64)
    weights = initial_weights(system, 1)
    weights["hidden-output"][::3] = 0
    with FastSession(system, threads=1) as session:
        session.load(weights)
        raster, _ = session.trace(images, labels, keys)
        session.scores(images, keys)
        inference = session.take_counts()
    spikes = free_phase(system, {"input": sent(system, images, keys), **raster})
    assert count_nir(spikes, nir_graph(system, weights, form=form)) == inference
    backward = inference.phases["free"].couplings["hidden->output"]
    assert 0 < backward.effective_synaptic_operations < backward.synaptic_operations


def test_the_monitors_of_a_brian2_network() -> None:
    """Of the engine's own objects, after inference and after a batch of learning."""
    pytest.importorskip("brian2")
    from eqspike.engines.brian2.printing import Mode
    from eqspike.engines.brian2.session import Brian2Session

    system = small_system(SIZES[0], NEURON, memory=fixed_memory(2, "nearest", 2))
    images, labels, keys = samples(system, 3)

    def counted(session: Any, mode: Mode, phases: dict[str, int] | None) -> EventCounts:
        circuit = session._runners[mode].circuit
        return count_brian2(
            circuit.spikes.values(), circuit.synapses.values(), inputs=["input"], steps=circuit.period,
            samples=3, phases=phases, both_ways=["hidden_to_output"],
        )  # fmt: skip

    with Brian2Session(system, seed=3) as session:
        session.scores(images, keys)
        assert counted(session, Mode.READ_OUT, None) == session.take_counts()
        session.fit(images, labels, keys, 0.5, 77)
        phases = {"free": system.rule.free_steps, "nudged": system.rule.nudged_steps}
        training = of_network(session.take_counts())
        assert of_network(counted(session, Mode.BATCH, phases)) == training
    forward = training["free"][2]["hidden->output"]
    assert 0 < forward.effective_synaptic_operations < forward.synaptic_operations


@pytest.mark.skipif(importlib.util.find_spec("lava") is None, reason="Lava is not installed")
def test_the_recordings_of_lava() -> None:
    """Arrays as Lava's monitors give them, all samples one after the other, and the integers it multiplies."""
    from eqspike.engines.lava.session import LavaSession

    system = small_system(SIZES[0], NEURON)
    rule = replace(system.rule, free_steps=9, nudged_steps=12, readout_steps=5, beta=1.0)
    system = replace(system, rule=rule)
    drawn: tuple[Images, Labels, Keys] = samples(system, 3)
    images, labels, keys = drawn
    with LavaSession(system, seed=3) as session:
        raster, _ = session.trace(images, labels, keys)
        session.scores(images, keys)
        inference = session.take_counts()
        stored = session.network.couplings
    free = free_phase(system, {"input": sent(system, images, keys), **raster})
    monitors = {name: {"s_out": r.reshape(27, -1)} for name, r in free.items()}
    weights = {}
    for coupling, integers in zip(system.network.couplings, stored, strict=True):
        both = (integers.mantissas.T, integers.mantissas)
        weights |= dict(zip(coupling.directions, both, strict=False))
    assert count_lava(monitors, weights, inputs=["input"], samples=3) == inference
    assert inference.phases["free"].couplings["output->hidden"].synaptic_operations > 0

"""Our counts and energies against the published definitions of NeuroBench and KerasSpiking, written out here.

NeuroBench 2.3.0 (github.com/NeuroBench/neurobench, docs/metrics/workload_metrics/synaptic_operations.rst): the
inputs of a connection layer and its weights, the bias apart, become 1 where they are not 0; the outputs of such a
forward pass, summed over steps, are the effective operations, accumulates (`Effective_ACs`) where inputs are 0, 1
or -1. With all inputs and weights 1 they are `Dense`. Both are means over samples.

KerasSpiking 0.3 (github.com/nengo/keras-spiking, keras_spiking/model_energy.py, `ModelEnergy.layer_energy`):
joules an inference = J/synop x connections x rate x dt x steps + J/neuron x neurons x steps, summed over layers;
the rate is the mean input of a layer in Hz over samples, steps and units, where a spike is a value of 1/dt.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.chips import load_profile, with_figures
from eqspike.core.counts import EventCounts
from eqspike.counting import Connection, count_arrays
from eqspike.energy import Estimate, estimate
from eqspike.engines.fast import FastSession
from eqspike.testing import NEURONS, SIZES, fixed_memory, samples, small_system

Array = NDArray[np.float64]

KERAS_SPIKING = {
    "loihi": ((23.6 + 3.5) * 1e-12, 81e-12),  # Davies et al., IEEE Micro 38(1):82-99, 2018
    "spinnaker": (13.3e-9, 26e-9),  # Hoeppner et al., IEEE TCAS-I 66(8):2973-2986, 2019
    "spinnaker2": (450e-12, 2.19e-9),  # the same
}
"""Joules of a synaptic operation and of a neuron update: `ModelEnergy.devices`, those that spike."""


def neurobench(inputs: Array, weights: Array) -> tuple[float, float]:
    """Effective and dense operations a sample; inputs (samples, steps, units), weights (outputs, units)."""
    binary = np.where(weights != 0, 1, 0)
    effective = sum((binary @ (step != 0)).sum() for sample in inputs for step in sample)
    ones = np.ones_like(binary)
    dense = sum((ones @ np.ones_like(step)).sum() for sample in inputs for step in sample)
    return effective / len(inputs), dense / len(inputs)


def keras_spiking(inputs: list[Array], matrices: list[Array], device: str, dt: float) -> float:
    """Joules an inference of layers of neurons that are fed by `inputs` (samples, steps, units), of 0 and 1."""
    per_synop, per_neuron = KERAS_SPIKING[device]
    joules = 0.0
    for spikes, weights in zip(inputs, matrices, strict=True):
        rate = np.mean(np.abs(spikes / dt))
        steps = spikes.shape[1]
        joules += per_synop * weights.size * rate * dt * steps
        joules += per_neuron * len(weights) * steps
    return joules


def test_neurobench_by_hand() -> None:
    """Its own example, with spikes: 4 operations of 9 are effective; 6 start at a neuron that spiked.

    A second sample of one more spike, of the first unit: two weights that are not zero, of three.
    """
    weights = np.array([[1.3, 0, -3.2], [0, 1.2, -5.1], [-1.1, 2.7, 0]])
    spikes = np.array([[[0.0, 1, 1]], [[1, 0, 0]]])
    assert neurobench(spikes[:1], weights) == (4, 9)
    assert neurobench(spikes, weights) == (3, 9)
    counts = count_arrays(
        {"a": spikes, "b": np.zeros((2, 1, 3))},
        [Connection.dense("a", "b", weights.T)],
        inputs=["a"],
    )
    found = counts.phases["free"].couplings["a->b"]
    assert (found.effective_synaptic_operations, found.synaptic_operations) == (4 + 2, 6 + 3)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5))
def test_neurobench_in_general(seed: int, count: int, steps: int) -> None:
    """Effective operations are equal; dense ones are all synapses at every step, which is no event."""
    generator = np.random.default_rng(seed)
    units, outputs = generator.integers(1, 7, 2)
    spikes = (generator.random((count, steps, units)) < generator.random()).astype(float)
    weights = generator.integers(-1, 2, (outputs, units)).astype(float)
    counts = count_arrays(
        {"a": spikes, "b": np.zeros((count, steps, outputs))},
        [Connection.dense("a", "b", weights.T)],
        inputs=["a"],
    )
    phase = counts.phases["free"]
    effective, dense = neurobench(spikes, weights)
    found = phase.couplings["a->b"]
    assert found.effective_synaptic_operations == pytest.approx(count * effective, rel=1e-12)
    assert dense * count == phase.sample_steps * weights.size
    assert found.effective_synaptic_operations <= found.synaptic_operations <= dense * count


@pytest.fixture(scope="module")
def counted() -> tuple[EventCounts, list[Array], list[Array]]:
    """The fast engine's own counts; inputs and matrices (outputs, units) of each directed coupling."""
    system = small_system(SIZES[0], NEURONS[1], memory=fixed_memory(2, "nearest", 2))
    images, labels, keys = samples(system, 6)
    steps = system.rule.free_steps
    with FastSession(system, seed=3, threads=1) as session:
        raster, _ = session.trace(images, labels, keys)
        weights = session.weights()
        session.scores(images, keys)
        counts = session.take_counts()
    sent = np.stack(
        [system.encoder.encode(i, steps, int(k)) for i, k in zip(images, keys, strict=True)]
    )
    hidden, output = (raster[name][:, :steps].astype(float) for name in ("hidden", "output"))
    first, second = weights["input-hidden"], weights["hidden-output"]
    return counts, [sent.astype(float), hidden, output], [first.T, second.T, second]


def test_neurobench_of_our_network(counted: tuple[EventCounts, list[Array], list[Array]]) -> None:
    """Each directed coupling of a network with feedback, with many weights of zero."""
    counts, inputs, matrices = counted
    couplings = counts.phases["free"].couplings
    for name, spikes, weights in zip(couplings, inputs, matrices, strict=True):
        effective, _ = neurobench(spikes, weights)
        mine = couplings[name].effective_synaptic_operations / counts.samples
        assert mine == pytest.approx(effective, rel=1e-12)
        assert 0 < mine < couplings[name].synaptic_operations / counts.samples


def both(result: Estimate) -> float:
    """Typical joules of synaptic operations and neuron updates, all that KerasSpiking knows."""
    parts = [result.energy(category=name) for name in ("synaptic operations", "neuron updates")]
    return sum(part.typical for part in parts if part is not None)


def test_keras_spiking_by_hand() -> None:
    """Two samples of 4 steps, 5 spikes to 3 neurons: 7.5 operations and 12 updates an inference.

    On its Loihi 7.5 x 27.1 pJ + 12 x 81 pJ = 1.17525 nJ.
    """
    spikes = np.zeros((2, 4, 2))
    spikes[0, :3, 0] = spikes[1, 1:3, 1] = 1
    weights = np.ones((3, 2))
    assert keras_spiking([spikes], [weights], "loihi", 1e-3) == pytest.approx(1.17525e-9, rel=1e-12)
    counts = count_arrays(
        {"a": spikes, "b": np.zeros((2, 4, 3))},
        [Connection.dense("a", "b", weights.T)],
        inputs=["a"],
    )
    # Loihi 2 has no figures of its own: nothing but KerasSpiking's is priced.
    figures = {"synaptic_operation": "27.1pJ", "neuron_update": "81pJ"}
    each = estimate(counts, with_figures(load_profile("loihi2"), figures)).per_sample
    assert each is not None
    assert each.typical == pytest.approx(1.17525e-9, rel=1e-12)


@pytest.mark.parametrize("device", ["spinnaker", "spinnaker2"])
def test_keras_spiking_with_the_librarys_profiles(
    device: str, counted: tuple[EventCounts, list[Array], list[Array]]
) -> None:
    """The figures of KerasSpiking are the typical ones of these chips; each neuron is updated once a step.

    KerasSpiking adds neurons where a layer has an activation: two couplings end at the hidden layer, one counts.
    """
    counts, inputs, matrices = counted
    formula = keras_spiking(inputs, matrices, device, 1e-3)
    steps, hidden = inputs[0].shape[1], len(matrices[0])
    formula -= KERAS_SPIKING[device][1] * hidden * steps
    mine = both(estimate(counts, load_profile(device))) / counts.samples
    assert mine == pytest.approx(formula, rel=1e-12)


def test_keras_spiking_and_our_loihi_differ_by_the_hop() -> None:
    """Its 27.1 pJ are 23.6 pJ of the operation and 3.5 pJ of a hop for each; ours prices hops by spike."""
    profile = load_profile("loihi1")
    operation, hop = profile.energy["synaptic_operation"], profile.energy["hop"]
    assert KERAS_SPIKING["loihi"][0] == pytest.approx(operation.typical + hop.typical)  # type: ignore[union-attr]
    assert KERAS_SPIKING["loihi"][1] == profile.energy["neuron_update"].typical  # type: ignore[union-attr]

"""In Lava the same happens as in the compiled engines, to the last bit of every register."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.core.neurons import CurrentBased
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.lava import fused
from eqspike.engines.lava.session import LavaSession
from eqspike.experiment import open_session
from eqspike.experiment.parity import Parity, compare
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import SIZES, fixed_memory, samples, small_system

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)

NEURON = CurrentBased(0.3, 0.1, 0.9)


def short(system: System, *, random_sign: bool = True) -> System:
    """The same with phases of a few steps, for Lava needs milliseconds for each."""
    rule = replace(
        system.rule,
        free_steps=9,
        nudged_steps=12,
        readout_steps=5,
        beta=1.0,
        random_sign=random_sign,
    )
    return replace(system, rule=rule)


def with_biases(system: System) -> Arrays:
    """Initial weights, and biases that differ from neuron to neuron."""
    return {
        name: np.linspace(-0.2, 0.3, len(array)) if name.endswith("bias") else array
        for name, array in initial_weights(system, 1).items()
    }


def compared(system: System, engines: tuple[str, str], count: int = 4) -> Parity:
    return compare(system, with_biases(system), samples(system, count), engines)


def assert_equal(parity: Parity) -> None:
    assert parity.first_difference is None
    assert parity.differing_events == 0
    assert parity.max_state_difference == 0, "a register differs"
    assert parity.counts_equal
    assert parity.events > 0
    assert parity.holds


@pytest.mark.parametrize(
    ("sizes", "encoder", "random_sign"),
    [(SIZES[0], "integrate-and-fire", True), (SIZES[1], "poisson", False)],
    ids=["3 layers, either sign", "4 layers, one sign"],
)
def test_stock_processes_compute_the_same_integers(
    sizes: tuple[int, ...], encoder: str, random_sign: bool
) -> None:
    """Spikes, currents and membrane potentials of both phases; read-out and counts of the free phase."""
    system = short(small_system(sizes, NEURON, encoder), random_sign=random_sign)
    parity = compared(system, ("fast-int", "lava"))
    assert_equal(parity)
    assert parity.arithmetic == ("integers", "integers")


def test_samples_are_independent_and_blocks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last sample alone does what it does after others: nothing of them is left."""
    system = short(small_system(neuron=NEURON))
    images, labels, keys = samples(system, 3)
    monkeypatch.setattr("eqspike.engines.lava.session.BLOCK_SAMPLES", 2)
    with LavaSession(system, 1) as session:
        spikes, registers = session.trace(images, labels, keys)
        alone, registers_alone = session.trace(images[1:2], labels[1:2], keys[1:2])
    for name, raster in alone.items():
        np.testing.assert_array_equal(raster[0], spikes[name][1])
    for name, register in registers_alone.items():
        np.testing.assert_array_equal(register[0], registers[name][1])


def test_the_fused_process_computes_the_same_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    """With messages that come in more than one delivery."""
    monkeypatch.setattr(fused, "CAPACITY", 3)
    assert_equal(compared(small_system(neuron=NEURON), ("fast-int", "lava:fused"), 7))


@pytest.mark.parametrize(
    ("engine", "system"),
    [
        ("lava", small_system(encoder="poisson", memory=fixed_memory(4, "stochastic", 2))),
        ("lava:fused:floating_pt", small_system(SIZES[1], NEURON)),
    ],
    ids=["sigma-delta", "current-based"],
)
def test_the_fused_process_learns_the_same(engine: str, system: System) -> None:
    """A batch, its read-out, and every event."""
    parity = compared(system, ("fast", engine), 5)
    assert_equal(parity)
    assert parity.max_weight_error == 0, "it is the same code in another process"


def test_the_fused_process_learns_online() -> None:
    """One sample after the other, from the weights the last one left."""
    system = small_system(online=True)
    images, labels, keys = samples(system, 3)
    learnt = []
    for engine in ("fast", "lava"):
        with open_session(system, 2, engine) as session:
            for n in range(3):
                part = slice(n, n + 1)
                session.fit(images[part], labels[part], keys[part], 1.0, n)
            learnt.append((session.weights(), session.take_counts()))
    (weights, counts), (others, other_counts) = learnt
    assert counts == other_counts
    for name, array in weights.items():
        np.testing.assert_array_equal(array, others[name])


def test_errors_inside_the_fused_process_are_those_of_the_engine() -> None:
    """And the session goes on."""
    system = small_system()
    images, labels, keys = samples(system, 2)
    with open_session(system, 1, "lava") as session:
        session.fit(images, labels, keys, 1.0, 1)
        with pytest.raises(UnsupportedError, match="call take_counts"):
            session.scores(images, keys)
        session.take_counts()
        assert session.scores(images, keys).shape == (2, system.network.output.size)


def test_weights_of_nine_bits_are_refused() -> None:
    """Dense would drop the lowest bit without a word."""
    system = short(small_system(neuron=NEURON))
    with LavaSession(system, 1) as session, FastIntSession(system, 1) as integers:
        below, above = integers.network.couplings
        session.load_network(integers.network)
        odd = replace(above, mantissas=above.mantissas | 1)
        with pytest.raises(UnsupportedError, match=r"'hidden-output': .* even mantissas"):
            session.load_network(replace(integers.network, couplings=(below, odd)))

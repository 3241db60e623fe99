"""Networks of bits in the fast engine: the definition of the memory, the reference engine and the torch engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays
from eqspike.core.messages import Messages
from eqspike.core.neurons import BinaryNeuron
from eqspike.core.random_stream import stream_key
from eqspike.core.trace import sent
from eqspike.engines.fast.bits import BitSession
from eqspike.engines.reference import ReferenceRateSession
from eqspike.memory import Binary, Scale
from eqspike.rules.readings import width
from eqspike.systems import RateSystem
from eqspike.systems.weights import nudge_strengths
from eqspike.testing import flattened, rate_samples, small_rate_system

IMAGES, LABELS, KEYS = rate_samples(37)
BATCHES = 4
FILTERED = BinaryNeuron(0.4, 0.8)


def make(
    hidden: tuple[int, ...] = (70,), sign: str = "positive", updates: str = "synchronous",
    neuron: BinaryNeuron = FILTERED, gamma: float = 0.2, beta: float = 1.7,
) -> RateSystem:  # fmt: skip
    """Layers that fill no whole number of words, weights so large that all layers have work to do."""
    couplings = len(hidden) + 1
    memory = Binary(
        (gamma,) * couplings, (0.002,) * couplings, Scale("coupling", (0.0,) * couplings)
    )
    system = small_rate_system(
        hidden=hidden, sign=sign, updates=updates, neuron=neuron, replicas=3, memory=memory
    )
    nudging = replace(system.rule.nudging, beta=beta)
    return replace(
        system,
        rule=replace(system.rule, nudging=nudging),
        initial_gain=(3.0,) * couplings,
        bias_rates=(0.05, *(0.02,) * (couplings - 1)),
    )


SYSTEMS = {
    "plain": make(),
    "drawn signs": make(sign="random"),
    "both signs": make(sign="both"),
    "in turn, deep": make((70, 33), updates="even-odd"),
    "deep, both": make((40, 64), "both"),
    "from 0, unfiltered": make(neuron=BinaryNeuron(1.0, 0.0), sign="random"),
    "no inertia": make(gamma=1.0),
}


def batch(key: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.roll(IMAGES, key, 1), LABELS, KEYS + np.uint64(100 * key)


def contrast(system: RateSystem, session: BitSession, key: int) -> dict[str, np.ndarray]:
    """Whole numbers: what the batch asks of each coupling, summed over its samples, from the bits alone."""
    images, labels, keys = batch(key)
    trace, phases = session.trace(images, labels, keys), system.rule.phases
    ends = dict(
        zip([p.name for p in phases], np.cumsum([p.steps for p in phases]) - 1, strict=True)
    )
    reading, names = system.rule.reading, [layer.name for layer in system.network.layers]
    strengths = nudge_strengths(system.rule, keys)
    places = {phase.name: place for place, phase in enumerate(phases)}
    signs = np.sign(strengths[:, places[reading.first]] - strengths[:, places[reading.second]])

    def layer(name: str, phase: str) -> np.ndarray:
        if name == names[0]:
            return images.astype(np.int64)
        return trace.states[name][:, ends[phase]].astype(np.int64)

    found = {}
    for pre, post in pairwise(names):
        products = [
            np.einsum("s,sa,sb->ab", sign, layer(pre, phase), layer(post, phase)).astype(np.int64)
            for phase, sign in ((reading.first, signs), (reading.second, -signs))
        ]
        found[f"{pre}-{post}"] = products[0] + products[1]
    return found


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_write_is_the_memory_s_definition_bit_for_bit(name: str, precision: str) -> None:
    """Inertia, weights, flips of each weight and counts, given the whole numbers that a batch asks for."""
    system, flips = replace(SYSTEMS[name], precision=precision), 0
    kind = np.dtype(precision).type
    with BitSession(system, 3, 2) as session:
        kept: dict[str, Arrays] = {}
        for key in range(BATCHES):
            asked, before = contrast(system, session, key), session.weights()
            session.fit(*batch(key), 0.5, key)
            after, counts = session.weights(), session.take_counts()
            for index, coupling in enumerate(system.network.couplings):
                pair = coupling.name
                spread = abs(width(system.rule.reading, system.rule.phases)) * system.rule.beta
                scale = system.learning_rates[index] * (0.5 / (spread * len(LABELS)))
                change = asked[pair].astype(precision) * kind(scale / (255 if index == 0 else 1))
                held = kept.get(pair, {k: np.zeros_like(change) for k in ("inertia", "writes")})
                done = system.memory.write(
                    before[pair], held, change, index, stream_key(key, index)
                )
                kept[pair] = dict(done.kept)
                assert done.kept["inertia"].dtype == np.dtype(precision)
                np.testing.assert_array_equal(after[pair], done.stored, err_msg=pair)
                for what in ("inertia", "writes"):
                    np.testing.assert_array_equal(after[f"{pair}.{what}"], done.kept[what])
                found = counts.phases["update"].plasticity[pair]
                assert (found.candidate_writes, found.applied_writes) == (
                    done.writes.candidate, done.writes.applied,
                )  # fmt: skip
                flips += done.writes.applied
    assert flips > 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_reference_engine_learns_the_same(name: str) -> None:
    """It sends changes above 0, message by message: the same rates, since weights are held in a batch."""
    system = SYSTEMS[name]
    with (
        BitSession(system, 3) as fast,
        ReferenceRateSession(replace(system, messages=Messages("changes")), 3) as plain,
    ):
        for key in range(2):
            images, labels, keys = batch(key)
            sessions = (fast, plain)
            scores = [each.fit(images[:9], labels[:9], keys[:9], 0.5, key) for each in sessions]
            np.testing.assert_array_equal(*scores)
            counts = [each.take_counts().phases["update"] for each in sessions]
            assert counts[0] == counts[1]
        for array, wanted in _paired(fast.weights(), plain.weights()):
            np.testing.assert_allclose(array, wanted, atol=1e-13)
        flipped = sum(
            int(fast.weights()[f"{c.name}.writes"].sum()) for c in system.network.couplings
        )
    assert flipped > 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_torch_engine_steps_and_learns_the_same(name: str) -> None:
    """Every bit at every step, all counts, every flip; inertias as sums in another order are.

    Where what a batch asks of a weight cancels, whole numbers leave 0 and sums of torch what rounding leaves, an
    inertia that is not 0: such candidate writes alone may differ.
    """
    torch = pytest.importorskip("eqspike.engines.torch")
    system = SYSTEMS[name]
    with BitSession(system, 3) as fast, torch.TorchSession(system, 3) as dense:
        sessions = (fast, dense)
        for key in range(BATCHES):
            seen, wanted = (each.trace(*batch(key)).states for each in sessions)
            for layer in system.network.free_layers:
                np.testing.assert_array_equal(seen[layer.name], wanted[layer.name])
                np.testing.assert_array_equal(seen[sent(layer.name)], wanted[layer.name])
            np.testing.assert_array_equal(*(each.fit(*batch(key), 0.5, key) for each in sessions))
            few, many = (Counter(flattened(each.take_counts())) for each in sessions)
            rounded = sum(_rounded(dense.weights(), c.name) for c in system.network.couplings)
            assert {name[2] for name in (many - few) + (few - many)} <= {"candidate_writes"}
            assert (many - few).total() == rounded
            assert not few - many
        for array, expected in _paired(fast.weights(), dense.weights()):
            np.testing.assert_allclose(array, expected, atol=1e-13)
        np.testing.assert_array_equal(*(each.scores(IMAGES, KEYS) for each in sessions))
        assert fast.take_counts() == dense.take_counts()


@pytest.mark.parametrize("name", SYSTEMS)
def test_states_decide_ties_in_all_three(name: str) -> None:
    """The class for which most outputs send is read as before; of several, the one whose outputs hold most."""
    torch = pytest.importorskip("eqspike.engines.torch")
    plain = SYSTEMS[name]
    system = replace(plain, readout=replace(plain.readout, ties="state"))
    by_messages = replace(system, messages=Messages("changes"))
    with (
        BitSession(plain, 3) as votes,
        BitSession(system, 3) as fast,
        torch.TorchSession(system, 3) as dense,
        ReferenceRateSession(by_messages, 3) as reference,
        torch.TorchSession(by_messages, 3) as changes,
    ):
        sent_by = votes.fit(*batch(0), 0.5, 0)
        found = fast.fit(*batch(0), 0.5, 0)
        fast.take_counts()
        after = fast.scores(IMAGES, KEYS)
        for other in (dense, reference, changes):
            np.testing.assert_allclose(other.fit(*batch(0), 0.5, 0), found, atol=1e-12)
            other.take_counts()
            np.testing.assert_allclose(other.scores(IMAGES, KEYS), after, atol=1e-12)
    held = (found - sent_by) * system.readout.replicas
    assert held.min() >= 0
    assert held.max() <= 1
    most = sent_by == sent_by.max(1, keepdims=True)
    assert most[np.arange(len(found)), found.argmax(1)].all()
    assert (most.sum(1) > 1).any(), "nothing ties, so nothing is decided"


def test_bits_have_work_to_do() -> None:
    """Nothing above holds because a layer is silent or a nudge moves nothing."""
    for name, system in SYSTEMS.items():
        with BitSession(system, 3) as session:
            trace = session.trace(*batch(0)).states
            asked = contrast(system, session, 0)
        for layer in system.network.free_layers:
            assert 0.02 < trace[layer.name][:, system.rule.phases[0].steps - 1].mean() < 0.98, name
        assert all(np.count_nonzero(each) for each in asked.values()), name


def _rounded(weights: Arrays, coupling: str) -> int:
    """Inertias that only rounding keeps from 0."""
    inertia = np.abs(weights[f"{coupling}.inertia"])
    return int(np.count_nonzero((inertia > 0) & (inertia < 1e-12)))


def _paired(first: Arrays, second: Arrays) -> list[tuple[np.ndarray, np.ndarray]]:
    assert set(first) == set(second)
    return [(first[name], second[name]) for name in first]


def test_ties_are_never_decided_by_states_that_are_not_there() -> None:
    system = replace(SYSTEMS["plain"], readout=replace(SYSTEMS["plain"].readout, ties="state"))
    with pytest.raises(UnsupportedError, match=r"output\.ties state needs outputs that hold more"):
        system.scores(np.zeros((2, system.network.output.size)))

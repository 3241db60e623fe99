"""Convolutions in the torch session: counts of taps, tied places, refusals, and learning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import UnsupportedError
from eqspike.core.messages import Messages
from eqspike.core.network import layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.rates import Dynamics, Feedback
from eqspike.engines.torch import TorchSession
from eqspike.experiment import load_model
from eqspike.experiment.sessions import check_engine
from eqspike.memory import Ideal
from eqspike.nn.convolution import Convolutional
from eqspike.nn.kernels import Kernel
from eqspike.rules import ContinualEquilibrium, ContinualVectorField, Equilibrium, Nudging
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights

SAMPLES = 5
IMAGES = np.random.default_rng(0).integers(1, 256, (SAMPLES, 2 * 8 * 8)).astype(np.uint8)
LABELS = np.array([0, 1, 2, 0, 1])
KEYS = np.arange(SAMPLES, dtype=np.uint64)


def make(kind: str = "max", padding: int = 0, **changes: object) -> RateSystem:
    first = Convolution(3, padding, Pooling(kind, 2))
    second = Convolution(2, padding, Pooling(kind, 2))
    lower = (4, *first.pooled((2, 8, 8)))
    upper = (3, *second.pooled(lower))
    system = RateSystem(
        layered(((2, 8, 8), lower, upper, 3), (first, second, None)),
        RateNeuron(ACTIVATIONS["sigmoid-4"]),
        Dynamics(),
        Feedback(),
        Equilibrium(Nudging(7, 3, 0.5)),
        Ideal(),
        "float64",
        (0.1, 0.1, 0.1),
        (1.0, 1.0, 1.0),
    )
    return replace(system, **changes)


def test_initial_kernels_are_bounded_by_their_fan_in() -> None:
    weights = initial_rate_weights(make(), 0)
    assert weights["input-hidden1"].shape == (2, 3, 3, 4)
    assert weights["hidden1.bias"].shape == (4,)
    for name, fan_in in (("input-hidden1", 18), ("hidden1-hidden2", 16), ("hidden1.bias", 18)):
        bound = 1 / np.sqrt(fan_in)
        assert 0.3 * bound < abs(weights[name]).max() <= bound


class TestCounts:
    def counts(self, system: RateSystem):  # type: ignore[no-untyped-def]
        with TorchSession(system) as session:
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            return session.take_counts()

    def test_each_tap_that_meets_a_neuron_is_an_operation(self) -> None:
        free = self.counts(make()).phases["free"].couplings
        steps = SAMPLES * 7
        assert {n: c.synaptic_operations for n, c in free.items()} == {
            "input->hidden1": steps * 2 * 4 * 9 * 36,
            "hidden1->hidden2": steps * 4 * 3 * 4 * 4,  # of 3 x 3 maps, one window of 2 x 2 places
            "hidden2->hidden1": steps * 3 * 4 * 4,  # one place of each window sends
            "hidden2->output": steps * 9,
            "output->hidden2": steps * 9,
        }
        assert all(c.effective_synaptic_operations == c.synaptic_operations for c in free.values())

    def test_averages_send_down_through_every_place(self) -> None:
        free = self.counts(make("average")).phases["free"].couplings
        both = {free[name].synaptic_operations for name in ("hidden1->hidden2", "hidden2->hidden1")}
        assert both == {SAMPLES * 7 * 4 * 3 * 4 * 4}

    def test_padding_meets_nothing(self) -> None:
        """3 x 3 taps on a padded picture of 8 x 8: 8 of 8 places in the middle row, 7 at the rims."""
        free = self.counts(make(padding=1)).phases["free"].couplings
        assert free["input->hidden1"].synaptic_operations == SAMPLES * 7 * 2 * 4 * (8 + 7 + 7) ** 2

    @pytest.mark.parametrize("kind", ["max", "average"])
    def test_effective_operations_leave_out_weights_of_zero(self, kind: str) -> None:
        with TorchSession(make(kind, padding=1)) as session:
            weights = session.weights()
            weights["hidden1-hidden2"][:] = 0
            weights["hidden1-hidden2"][0, 1, 1, 2] = 1
            session.load(weights)
            session.scores(IMAGES, KEYS)
            free = session.take_counts().phases["free"].couplings
        # Maps of 4 x 4 padded to 6 x 6 give 5 x 5 places and 2 x 2 windows; tap (1, 1) meets a neuron at all 16.
        assert free["hidden1->hidden2"].effective_synaptic_operations == SAMPLES * 7 * 16
        windows = 4 if kind == "max" else 16
        assert free["hidden2->hidden1"].effective_synaptic_operations == SAMPLES * 7 * windows

    def test_a_shared_weight_is_written_once_and_evaluated_at_each_place(self) -> None:
        counts = self.counts(make("average"))
        writes = {n: p.candidate_writes for n, p in counts.phases["update"].plasticity.items()}
        assert writes == {
            "input-hidden1": 72, "hidden1.bias": 4, "hidden1-hidden2": 48, "hidden2.bias": 3,
            "hidden2-output": 9, "output.bias": 3,
        }  # fmt: skip
        evaluated = counts.phases["nudged"].plasticity
        assert evaluated["input-hidden1"].rule_evaluations == SAMPLES * 72 * 36
        assert evaluated["hidden1.bias"].rule_evaluations == SAMPLES * 4 * 9

    def test_dark_channels_ask_for_nothing(self) -> None:
        images = IMAGES.copy()
        images[:, 64:] = 0
        with TorchSession(make()) as session:
            session.fit(images, LABELS, KEYS, 1.0, 0)
            update = session.take_counts().phases["update"]
        assert update.plasticity["input-hidden1"].candidate_writes == 36


def test_equal_places_send_to_the_first() -> None:
    """Where all places of a window are equal, the first is picked, on the way up and down alike."""
    wiring = layered(
        ((1, 4, 4), (1, 2, 2), 2, 2), (Convolution(1, 0, Pooling("max", 2)), None, None)
    )
    coupling = Convolutional(wiring.couplings[0], Kernel(torch.ones(1, 1, 1, 1), 0))
    pre, zero = torch.full((1, 16), 0.5), torch.zeros(1, 16)
    coupling.observe(pre)
    coupling.down(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), zero, 1.0, zero)
    picture = zero.view(4, 4)
    assert picture[::2, ::2].flatten().tolist() == [1.0, 2.0, 3.0, 4.0]
    assert picture.sum() == 10


class TestRefusals:
    def test_separate_feedback_has_no_indices(self) -> None:
        rule = ContinualVectorField(Nudging(7, 3, 0.5))
        system = make(rule=rule, feedback=Feedback("separate"))
        with pytest.raises(UnsupportedError, match="convolution with rule c-vf"):
            TorchSession(system)
        with pytest.raises(
            UnsupportedError, match="separate has no indices for convolutions with max pooling"
        ):
            TorchSession(make(feedback=Feedback("separate")))

    def test_writes_at_every_step(self) -> None:
        with pytest.raises(
            UnsupportedError, match=r"engine 'torch' does not run couplings.kind convolution with"
        ):
            TorchSession(make(rule=ContinualEquilibrium(Nudging(7, 3, 0.5))))


@pytest.mark.parametrize(("kind", "updates"), [("max", "synchronous"), ("average", "even-odd")])
def test_learning_lowers_the_loss(kind: str, updates: str) -> None:
    targets = np.eye(3)[LABELS]
    with TorchSession(make(kind, 1, dynamics=Dynamics(updates))) as session:
        losses = []
        for key in range(6):
            losses.append(float(((session.rates(IMAGES)["output"] - targets) ** 2).sum()))
            session.fit(IMAGES, LABELS, KEYS, 0.3, key)
    assert losses == sorted(losses, reverse=True)


def test_batches_of_other_sizes_share_kernels() -> None:
    with TorchSession(make()) as session:
        together = session.scores(IMAGES, KEYS)
        for size in (1, 5, 2, 5):
            np.testing.assert_allclose(
                session.scores(IMAGES[:size], KEYS[:size]), together[:size], atol=1e-14
            )


@pytest.mark.parametrize("engine", ["fast", "fast-int", "brian2", "lava"])
def test_other_engines_refuse_by_name(engine: str) -> None:
    with pytest.raises(UnsupportedError, match=f"engine '{engine}' does not run"):
        check_engine(make(), engine)
    spiking = load_model("eqspike-digits-loihi").system
    with pytest.raises(
        UnsupportedError, match=f"engine '{engine}' does not run .*no engine can run"
    ):
        check_engine(replace(spiking, network=make().network), engine)
    check_engine(spiking, engine)


@pytest.mark.parametrize("engine", ["fast", "brian2"])
def test_only_torch_computes_in_bfloat16(engine: str) -> None:
    dense = make(
        network=layered((4, 3, 2)), precision="bfloat16", messages=Messages("changes", 0.1)
    )
    with pytest.raises(
        UnsupportedError,
        match=f"engine '{engine}' .*bfloat16: set training.precision to float32 or",
    ):
        check_engine(dense, engine)


def differences(system: RateSystem) -> RateSystem:
    return replace(system, dynamics=replace(system.dynamics, form="difference"))


class TestDifferences:
    @pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
    @pytest.mark.parametrize(("kind", "beta"), [("average", 0.5), ("none", 0.5), ("max", 1e-4)])
    def test_at_rest_differences_are_those_of_two_states(
        self, kind: str, beta: float, updates: str
    ) -> None:
        """While the nudge is so small that the largest place of each window stays the largest."""
        system = make(kind) if kind != "none" else unpooled()
        rule = Equilibrium(Nudging(80, 6, beta, "both"))
        system = replace(system, rule=rule, dynamics=Dynamics(updates))
        found = []
        for each in (differences(system), system):
            with TorchSession(each, 2) as session:
                found.append(session.changes(IMAGES, LABELS, KEYS))
        for name, array in found[1].items():
            np.testing.assert_allclose(found[0][name], array, rtol=0, atol=1e-10, err_msg=name)
            assert abs(array).max() > 1e-5

    @pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
    @pytest.mark.parametrize(("kind", "padding"), [("max", 0), ("average", 1), ("none", 1)])
    def test_every_delivery_is_counted(self, kind: str, padding: int, updates: str) -> None:
        system = make(kind, padding) if kind != "none" else unpooled(padding)
        system = differences(replace(system, dynamics=Dynamics(updates)))
        system = replace(system, neuron=RateNeuron(ACTIVATIONS["hard-sigmoid"]))
        weights = initial_rate_weights(system, 1)
        for name in ("hidden1-hidden2", "hidden2-output"):
            weights[name].ravel()[::3] = 0.0
        weights["hidden1.bias"][0] = -9.0  # a channel that is always clipped
        with TorchSession(system) as session:
            session.load(weights)
            trace = session.trace(IMAGES, LABELS, KEYS)
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            counts = session.take_counts().phases["nudged"].couplings
        moved = {
            n: trace.states[n] != trace.states[n][:, 6:7] for n in ("hidden1", "hidden2", "output")
        }
        # In the first of two halves of a step, hidden1 and output move before hidden2 reads them.
        early = {n: updates == "synchronous" or n == "hidden2" for n in moved}
        sent = {n: (m[:, 6:9] if early[n] else m[:, 7:10]).sum((0, 1)) for n, m in moved.items()}
        up, down = by_tap(system, weights["hidden1-hidden2"])
        dense = weights["hidden2-output"] != 0
        assert not moved["hidden1"][..., :1].any()
        for way, differing, drives in (
            ("hidden1->hidden2", sent["hidden1"] @ up, up.sum()),
            ("hidden2->hidden1", sent["hidden2"] @ down, down.sum()),
            ("hidden2->output", sent["hidden2"] @ dense.sum(1), dense.sum()),
            ("output->hidden2", sent["output"] @ dense.sum(0), dense.sum()),
        ):
            effective = counts[way].effective_synaptic_operations
            assert effective == differing + SAMPLES * drives
            assert 0 < effective < counts[way].synaptic_operations
        assert counts["input->hidden1"].synaptic_operations == 0


def unpooled(padding: int = 0) -> RateSystem:
    first, second = Convolution(3, padding), Convolution(2, padding)
    lower = (4, *first.pooled((2, 8, 8)))
    network = layered(((2, 8, 8), lower, (3, *second.pooled(lower)), 3), (first, second, None))
    return replace(make(), network=network, initial_gain=(1.0, 0.5, 0.5))


def by_tap(system: RateSystem, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Taps that are not zero of each neuron: of hidden1 on the way up, of hidden2 on the way down, one by one."""
    coupling = system.network.couplings[1]
    how = coupling.convolution
    assert how is not None
    size, (channels, rows, columns) = how.pooling.size, coupling.pre.maps
    up, down = np.zeros(coupling.pre.maps, int), np.zeros(coupling.post.maps, int)
    for above in np.ndindex(coupling.post.maps):
        place = [above[k] * size for k in (1, 2)]
        for more in np.ndindex(size, size):
            for below, i, j in np.ndindex(channels, how.kernel, how.kernel):
                row, column = (
                    p + m + t - how.padding for p, m, t in zip(place, more, (i, j), strict=True)
                )
                filled = int(kernel[below, i, j, above[0]] != 0)
                inside = 0 <= row < rows and 0 <= column < columns
                if inside:
                    up[below, row, column] += filled
                if how.pooling.kind == "max":
                    down[above] += filled * (more == (0, 0))
                elif inside:
                    down[above] += filled
    return up.ravel(), down.ravel()

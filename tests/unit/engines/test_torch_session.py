"""The torch session: initial weights, counts of events, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.counts import spiking
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.network import layered
from eqspike.core.neurons import RateNeuron
from eqspike.core.rates import Dynamics, Feedback
from eqspike.engines.torch import TorchSession, open_torch
from eqspike.engines.torch.device import THREADED_PRODUCTS, threads
from eqspike.memory import Fixed, Ideal
from eqspike.nn.activations import SQUASHES
from eqspike.rules import ContinualEquilibrium, ContinualVectorField, Equilibrium, Nudging, RateRule
from eqspike.systems import RateSystem
from eqspike.systems.weights import initial_rate_weights

SIZES = (9, 6, 4)
IMAGES = np.random.default_rng(0).integers(1, 256, (5, 9)).astype(np.uint8)
IMAGES[:, :2] = 0
LABELS = np.array([0, 1, 2, 3, 0])
KEYS = np.arange(5, dtype=np.uint64)


def make(
    rule: type[RateRule] = Equilibrium, sign: str = "positive", **changes: object
) -> RateSystem:
    separate = rule is ContinualVectorField
    system = RateSystem(
        layered(SIZES),
        RateNeuron(ACTIVATIONS["sigmoid-4"]),
        Dynamics(),
        Feedback("separate") if separate else Feedback(),
        rule(Nudging(7, 3, 0.5, sign)),
        Ideal(),
        "float64",
        (0.1, 0.1),
        (1.0, 1.0),
    )
    return replace(system, **changes)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_core(name: str) -> None:
    import torch

    drive = torch.linspace(-3, 3, 61, dtype=torch.float64)
    squash = SQUASHES[name]
    found = squash.apply(drive * squash.gain + squash.offset).numpy()
    np.testing.assert_allclose(found, ACTIVATIONS[name].rate(drive.numpy()), atol=1e-15)


class TestInitialWeights:
    def test_bounds_are_those_of_the_fan_in(self) -> None:
        weights = initial_rate_weights(make(initial_gain=(1.0, 0.5)), 0)
        assert 0.25 < abs(weights["input-hidden"]).max() <= 1 / 3
        assert 0 < abs(weights["output.bias"]).max() <= 0.5 / np.sqrt(6)

    @pytest.mark.parametrize("angle", [0.0, 45.0, 90.0, 180.0])
    def test_backward_weights_stand_at_their_angle(self, angle: float) -> None:
        system = make(
            ContinualVectorField,
            feedback=Feedback("separate", angle),
            network=layered((2, 300, 200)),
        )
        weights = initial_rate_weights(system, 0)
        up, down = weights["hidden-output"].T.ravel(), weights["output-hidden"].ravel()
        np.testing.assert_array_equal(abs(up), abs(down))
        found = np.rad2deg(np.arccos(np.clip(up @ down / (up @ up), -1, 1)))
        assert found == pytest.approx(angle, abs=1)

    def test_forward_weights_do_not_depend_on_the_angle(self) -> None:
        tied = initial_rate_weights(make(), 0)
        turned = initial_rate_weights(
            make(ContinualVectorField, feedback=Feedback("separate", 90)), 0
        )
        assert all((array == turned[name]).all() for name, array in tied.items())


class TestCounts:
    def counts_of_fit(self, system: RateSystem):  # type: ignore[no-untyped-def]
        with TorchSession(system) as session:
            session.fit(IMAGES, LABELS, KEYS, 1.0, 0)
            return session.take_counts()

    def test_every_rate_is_sent_at_every_step(self) -> None:
        counts = self.counts_of_fit(make())
        assert counts.samples == 5
        for name, steps in (("free", 5 * 7), ("nudged", 5 * 3)):
            phase = counts.phases[name]
            assert phase.sample_steps == steps
            assert phase.layers["hidden"].neuron_updates == steps * 6
            assert phase.layers["input"].neuron_updates == phase.layers["hidden"].spikes == 0
            operations = {n: c.synaptic_operations for n, c in phase.couplings.items()}
            assert operations == {
                "input->hidden": steps * 54,
                "hidden->output": steps * 24,
                "output->hidden": steps * 24,
            }
            assert not any(spiking(phase, layer) for layer in phase.layers)

    def test_one_write_a_batch(self) -> None:
        counts = self.counts_of_fit(make())
        writes = {n: p.candidate_writes for n, p in counts.phases["update"].plasticity.items()}
        assert writes == {
            "input-hidden": 7 * 6,
            "hidden-output": 24,
            "hidden.bias": 6,
            "output.bias": 4,
        }
        assert counts.phases["nudged"].plasticity["input-hidden"].rule_evaluations == 5 * 54

    def test_a_write_at_each_nudged_step(self) -> None:
        counts = self.counts_of_fit(make(ContinualEquilibrium))
        nudged = counts.phases["nudged"].plasticity
        assert nudged["output.bias"].candidate_writes == 3 * 4
        assert nudged["hidden-output"].applied_writes == 3 * 24
        assert nudged["hidden-output"].rule_evaluations == 5 * 3 * 24
        assert 2 * 6 * 7 <= nudged["input-hidden"].candidate_writes <= 3 * 6 * 7
        assert "update" not in counts.phases

    def test_each_direction_is_written_where_they_are_separate(self) -> None:
        nudged = self.counts_of_fit(make(ContinualVectorField)).phases["nudged"].plasticity
        assert nudged["output-hidden"].rule_evaluations == nudged["hidden-output"].rule_evaluations
        assert 2 * 24 <= nudged["output-hidden"].candidate_writes <= 3 * 24

    def test_two_nudged_phases(self) -> None:
        counts = self.counts_of_fit(make(sign="both"))
        assert counts.phases["nudged"].sample_steps == 5 * 6
        assert counts.phases["nudged"].plasticity["hidden-output"].rule_evaluations == 5 * 24

    def test_effective_operations_leave_out_weights_of_zero(self) -> None:
        with TorchSession(make()) as session:
            weights = session.weights()
            weights["hidden-output"][:, 1] = 0
            session.load(weights)
            session.scores(IMAGES, KEYS)
            free = session.take_counts().phases["free"].couplings
        assert free["output->hidden"].effective_synaptic_operations == 35 * 18
        assert free["output->hidden"].synaptic_operations == 35 * 24

    def test_training_and_inference_do_not_mix(self) -> None:
        with TorchSession(make()) as session:
            session.scores(IMAGES, KEYS)
            with pytest.raises(UnsupportedError, match=r"call take_counts\(\)"):
                session.fit(IMAGES, LABELS, KEYS, 1.0, 0)


class TestRefusals:
    def test_half_the_bits_and_weights_that_move_at_every_step(self) -> None:
        with pytest.raises(
            UnsupportedError,
            match=r"bfloat16 with rule c-ep and messages values here, for it keeps copies",
        ):
            TorchSession(make(ContinualEquilibrium, precision="bfloat16"))

    def test_continual_rules_and_other_memories(self) -> None:
        with pytest.raises(UnsupportedError, match="which an ideal memory alone takes"):
            TorchSession(make(ContinualEquilibrium, memory=Fixed(8, (1.0, 1.0), "nearest")))

    def test_a_gpu_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(UnsupportedError, match="use 'torch:cpu'"):
            open_torch(make(), 0, "cuda")
        with open_torch(make(), 0) as session:
            assert session.weights()["hidden.bias"].shape == (6,)

    def test_images_and_labels_that_do_not_fit(self) -> None:
        with TorchSession(make()) as session:
            with pytest.raises(ConfigError, match="images must be uint8"):
                session.scores(IMAGES[:, :8], KEYS)
            with pytest.raises(ConfigError, match="labels must be from 0 to 3"):
                session.fit(IMAGES, LABELS + 4, KEYS, 1.0, 0)


def test_batches_of_other_sizes_share_weights() -> None:
    with TorchSession(make()) as session:
        together = session.scores(IMAGES, KEYS)
        for size in (1, 2, 3, 4, 5):
            np.testing.assert_allclose(
                session.scores(IMAGES[:size], KEYS[:size]), together[:size], atol=1e-14
            )
        assert session.take_counts().samples == 5 + 15


def test_small_products_take_one_thread() -> None:
    import torch

    before = torch.get_num_threads()
    with threads(THREADED_PRODUCTS - 1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_learning_lowers_the_loss() -> None:
    targets = np.eye(4)[LABELS]
    for rule in (Equilibrium, ContinualEquilibrium, ContinualVectorField):
        with TorchSession(make(rule, learning_rates=(0.02, 0.02))) as session:
            losses = []
            for key in range(6):
                losses.append(float(((session.rates(IMAGES)["output"] - targets) ** 2).sum()))
                session.fit(IMAGES, LABELS, KEYS, 1.0, key)
        assert losses == sorted(losses, reverse=True)

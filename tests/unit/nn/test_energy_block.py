"""The energy block as a torch module: fixed point, place in a network, refusals, reports and counts."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ActivityError, ConfigError, ConvergenceError, UnsupportedError
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings, RestWarning, Skip
from eqspike.nn.learning import teach

EXACT = EnergySettings(
    beta=1e-3, free_steps=300, nudged_steps=300, tolerance=1e-13, nudged_tolerance=1e-13
)
MAPS = [
    EnergyLayer(4, Convolution(3, 1, Pooling("max", 2)), "tanh"),
    EnergyLayer(4, Convolution(3, 1, Pooling("average", 2)), "tanh"),
    EnergyLayer(3, activation="linear"),
]


def dense(settings: EnergySettings = EXACT, activation: str = "tanh", seed: int = 0) -> EnergyBlock:
    torch.manual_seed(seed)
    sizes = (7, 6, 3)
    return EnergyBlock(
        (8,), [EnergyLayer(size, activation=activation) for size in sizes], settings
    ).double()


def batch(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class TestForward:
    @pytest.mark.parametrize("updates", ["even-odd", "synchronous"])
    @pytest.mark.parametrize(
        "activation", ["tanh", "hard-sigmoid", "half-hard-sigmoid", "linear", "sigmoid-4"]
    )
    def test_outputs_are_those_of_the_fixed_point(self, updates: str, activation: str) -> None:
        block, x = dense(replace(EXACT, updates=updates), activation), batch(5, 8)
        rho = {
            "tanh": torch.tanh, "hard-sigmoid": lambda z: z.clamp(0, 1), "linear": lambda z: z,
            "half-hard-sigmoid": lambda z: (z / 2).clamp(0, 1), "sigmoid-4": lambda z: torch.sigmoid(4 * z - 2),
        }[activation]  # fmt: skip
        w0, w1, w2 = (
            block.weights[f"{name}"]
            for name in ("input-hidden1", "hidden1-hidden2", "hidden2-output")
        )
        b0, b1, b2 = (block.biases[name] for name in ("hidden1", "hidden2", "output"))
        s0, s1, s2 = (torch.zeros(5, size, dtype=torch.float64) for size in (7, 6, 3))
        for _ in range(300):
            s0 = rho(x @ w0.t() + s1 @ w1 + b0)
            s1 = rho(s0 @ w1.t() + s2 @ w2 + b1)
            s2 = rho(s1 @ w2.t() + b2)
        torch.testing.assert_close(block(x), s2, atol=1e-10, rtol=0)
        assert block.report.free is not None
        assert block.report.free.steps < 300
        assert float(block.report.free.residuals.max()) <= 1e-13

    def test_stops_when_all_are_at_rest(self) -> None:
        steps = []
        for tolerance in (1e-2, 1e-5, 1e-9, None):
            block = dense(replace(EXACT, tolerance=tolerance))
            block(batch(5, 8))
            steps.append(block.report.free.steps)  # type: ignore[union-attr]
        assert steps == sorted(steps)
        assert len(set(steps)) == 4
        assert steps[-1] == 300

    def test_a_warm_start_begins_where_the_last_batch_rested(self) -> None:
        block, x = dense(replace(EXACT, warm_start=True)), batch(5, 8)
        first = block(x)
        cold = block.report.free.steps  # type: ignore[union-attr]
        torch.testing.assert_close(block(x), first)
        assert block.report.free.steps < cold  # type: ignore[union-attr]
        other = batch(4, 8)
        torch.testing.assert_close(block(other), dense()(other), atol=1e-11, rtol=0)

    def test_outputs_of_a_batch_are_those_of_its_samples(self) -> None:
        torch.manual_seed(0)
        block = EnergyBlock(
            (2, 9, 9), MAPS, replace(EXACT, tolerance=None), [Skip(0, 2, "dense")]
        ).double()
        x = batch(4, 2, 9, 9)
        torch.testing.assert_close(block(x), torch.cat([block(one[None]) for one in x]))

    def test_channels_last_inputs_change_nothing(self) -> None:
        torch.manual_seed(0)
        block, x = EnergyBlock((2, 9, 9), MAPS, EXACT).double(), batch(4, 2, 9, 9)
        torch.testing.assert_close(block(x), block(x.contiguous(memory_format=torch.channels_last)))


class TestBackward:
    def around(self, seed: int = 0) -> tuple[nn.Sequential, Tensor, Tensor]:
        torch.manual_seed(seed)
        layers = [EnergyLayer(8, activation="tanh"), EnergyLayer(6, activation="tanh")]
        settings = replace(EXACT, tolerance=1e-6, nudged_tolerance=1e-5)
        model = nn.Sequential(
            nn.Linear(5, 8), EnergyBlock((8,), layers, settings), nn.Linear(6, 3)
        ).double()
        return model, batch(12, 5), (batch(12, 3) > 0.5).double()

    def test_layers_below_and_above_get_the_gradient_of_autograd(self) -> None:
        model, x, y = self.around()
        twin = copy.deepcopy(model)
        twin[1].settings = replace(EXACT, algorithm="unrolled")  # type: ignore[assignment]
        for each in (model, twin):
            nn.functional.mse_loss(each(x), y).backward()
        for ours, exact in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, exact.grad, rtol=1e-3, atol=1e-6)

    @pytest.mark.parametrize("optimiser", [torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW])
    def test_any_optimiser_trains_the_whole(self, optimiser: type[torch.optim.Optimizer]) -> None:
        model, x, y = self.around()
        tool = optimiser(model.parameters(), lr=0.02 if "Adam" in optimiser.__name__ else 0.5)  # type: ignore[call-arg]
        losses = []
        for _ in range(40):
            tool.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            tool.step()
            losses.append(float(loss.detach()))
        assert losses[-1] < 0.8 * losses[0]

    def test_no_gradient_is_made_for_an_input_that_asks_for_none(self) -> None:
        block, x = dense(), batch(5, 8)
        block(x).sum().backward()
        assert x.grad is None

    def test_the_state_dict_holds_all(self) -> None:
        block, x = dense(), batch(5, 8)
        other = dense(seed=5)
        assert not torch.equal(block(x), other(x))
        other.load_state_dict(block.state_dict())
        assert torch.equal(block(x), other(x))
        assert sorted(block.state_dict()) == [
            "biases.hidden1", "biases.hidden2", "biases.output", "weights.hidden1-hidden2",
            "weights.hidden2-output", "weights.input-hidden1",
        ]  # fmt: skip

    def test_two_uses_before_one_backward(self) -> None:
        block, x, z = dense(), batch(5, 8), batch(3, 8, seed=2)
        (block(x).sum() + block(z).sum()).backward()
        together = [p.grad.clone() for p in block.parameters() if p.grad is not None]
        block.zero_grad()
        block(x).sum().backward()
        block(z).sum().backward()
        torch.testing.assert_close(together, [p.grad for p in block.parameters()])

    def test_weights_changed_in_between_are_an_error(self) -> None:
        block = dense()
        outputs = block(batch(5, 8))
        with torch.no_grad():
            block.weights["input-hidden1"].add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            outputs.sum().backward()

    def test_autocast_does_not_reach_inside(self) -> None:
        block, x = dense().float(), batch(5, 8).float()
        plain = block(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.equal(block(x), plain)

    def test_layer_parameters_are_all_parameters(self) -> None:
        torch.manual_seed(0)
        settings = replace(EXACT, feedback="separate")
        block = EnergyBlock((2, 9, 9), MAPS, settings, [Skip(0, 2, "dense")])
        groups = block.layer_parameters()
        assert [len(group) for group in groups] == [2, 3, 5]
        assert {id(p) for group in groups for p in group} == {id(p) for p in block.parameters()}

    @pytest.mark.parametrize("scale", ["samples", "largest", 3.0])
    def test_the_scale_of_a_loss_is_given_back(self, scale: float | str) -> None:
        block, x = dense(replace(EXACT, scale=scale, algorithm="implicit")), batch(5, 8)
        block(x).square().sum().backward()
        once = [p.grad.clone() for p in block.parameters() if p.grad is not None]
        block.zero_grad()
        block(x).square().sum().mul(7).backward()
        torch.testing.assert_close([g * 7 for g in once], [p.grad for p in block.parameters()])


class TestDeadZone:
    def test_hidden_differences_are_large_or_nothing(self) -> None:
        block, seen = dense(replace(EXACT, dead_zone=0.02, nudged_tolerance=1e-3)), []
        x, gradient = batch(6, 8), batch(6, 3, seed=2)
        parameters = block.parameters_in(torch.float64, block._tensors())
        rest = block.relax(x, parameters)

        def watch(differences: list[Tensor]) -> None:
            seen.append([each.clone() for each in differences[:-1]])

        teach(block.settings, rest, parameters, gradient / 6, False, watch)
        least = 0.02 * block.settings.beta * gradient.abs().amax(1).repeat(2)[:, None]
        for hidden in seen[-1]:
            assert bool(((hidden == 0) | (hidden.abs() >= least)).all())
            assert 0 < float((hidden == 0).double().mean()) < 1

    def test_it_saves_products_and_keeps_the_direction(self) -> None:
        found, exact = ([], [])
        products = []
        for zone, gradients in ((0.0, exact), (0.01, found)):
            block = dense(replace(EXACT, dead_zone=zone, nudged_tolerance=1e-3))
            block.count_nonzero = True
            (block(batch(6, 8)) * batch(6, 3, seed=2)).mean().backward()
            gradients += [p.grad.flatten() for p in block.parameters() if p.grad is not None]
            products.append(block.take_operations()["nudged_nonzero"])
        assert products[1] < products[0]
        ours, right = torch.cat(found), torch.cat(exact)
        assert 0.95 < float((ours * right).sum() / (ours.norm() * right.norm())) < 1 - 1e-9


class TestRefusals:
    def test_inputs_of_another_shape(self) -> None:
        with pytest.raises(ConfigError, match=r"\(samples, 8\), got .* of \(5, 9\)"):
            dense()(batch(5, 9))

    def test_states_that_grow_without_end(self) -> None:
        block = dense(activation="linear")
        with torch.no_grad():
            block.weights["hidden1-hidden2"].mul_(1e9)
        block.settings = replace(EXACT, free_steps=100)
        with pytest.raises(ActivityError, match="infinite after"):
            block(batch(5, 8))

    def oscillating(self, **changes: object) -> EnergyBlock:
        """Two neurons that chase each other: up by +4, down by -4."""
        settings = replace(EXACT, feedback="separate", free_steps=50, **changes)  # type: ignore[arg-type]
        block = EnergyBlock((1,), [EnergyLayer(1), EnergyLayer(1)], settings)
        with torch.no_grad():
            for name, weight in block.weights.items():
                weight.fill_(4.0 if name.startswith("hidden") else 0.0)
            for weight in block.feedback.values():
                weight.fill_(-4.0)
            block.biases["hidden1"].fill_(1.0)
            block.biases["output"].fill_(-1.0)
        return block

    def test_dynamics_without_a_fixed_point_say_so(self) -> None:
        with pytest.warns(RestWarning, match="2 of 2 samples are not at rest after 50 free steps"):
            self.oscillating()(torch.zeros(2, 1))
        with pytest.raises(ConvergenceError, match="there may be no fixed point"):
            self.oscillating(unsettled="refuse")(torch.zeros(2, 1))

    @pytest.mark.parametrize(
        ("changes", "error", "says"),
        [
            ({"algorithm": "ep"}, ConfigError, "algorithm must be one of cl, p-ep"),
            ({"beta": 0.0}, ConfigError, "beta must be a finite number above 0, got 0.0"),
            ({"free_steps": 0}, ConfigError, "free_steps must be a whole number at least 1, got 0"),
            ({"relaxation_factor": 2.0}, ConfigError, "above 0 and at most 1.9, got 2.0"),
            (
                {"relaxation_factor": 1.2, "updates": "synchronous"},
                UnsupportedError,
                "updates 'even-odd'",
            ),
            (
                {"tolerance": -1.0},
                ConfigError,
                "tolerance must be a finite number at least 0, or None, got -1.0",
            ),
            ({"scale": "mean"}, ConfigError, "'samples' or 'largest', got 'mean'"),
            ({"scale": 0.0}, ConfigError, "scale must be a finite number above 0"),
            (
                {"feedback": "separate", "form": "two-states"},
                UnsupportedError,
                "use form 'difference'",
            ),
            (
                {"feedback": "separate", "algorithm": "holomorphic"},
                UnsupportedError,
                "needs an energy",
            ),
            ({"feedback": "separate", "tolerance": None}, ConfigError, "rest must be looked for"),
        ],
    )
    def test_settings(self, changes: dict[str, object], error: type[Exception], says: str) -> None:
        with pytest.raises(error, match=says):
            replace(EnergySettings(), **changes)  # type: ignore[arg-type]

    def test_feedback_cannot_be_changed_afterwards(self) -> None:
        block = dense()
        block.settings = replace(EXACT, feedback="separate")
        with pytest.raises(
            ConfigError, match="made with feedback 'tied', got settings with 'separate'"
        ):
            block(batch(5, 8))

    def test_holomorphic_refuses_kinks_and_low_precision(self) -> None:
        block = dense(replace(EXACT, algorithm="holomorphic"), "hard-sigmoid")
        with pytest.raises(UnsupportedError, match=r"analytic activations .* got 'hard-sigmoid'"):
            block(batch(5, 8))
        smooth = dense(replace(EXACT, algorithm="holomorphic", precision=torch.bfloat16))
        with pytest.raises(UnsupportedError, match=r"float64, got torch\.bfloat16"):
            smooth(batch(5, 8))

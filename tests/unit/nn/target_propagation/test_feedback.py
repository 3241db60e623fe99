"""Learning the feedback weights: refusals, noise, resuming, what stays unchanged."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from eqspike.core.errors import ConfigError, RunError
from eqspike.nn.networks import fully_connected, lenet
from eqspike.nn.target_propagation import IteratedFeedback, SolvedFeedback, TargetPropagation
from eqspike.nn.target_propagation.angles import degrees
from eqspike.nn.target_propagation.losses import LOSSES
from eqspike.nn.target_propagation.noise import BalancedSigns

IMAGES = torch.randn(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def model() -> TargetPropagation:
    torch.manual_seed(0)
    return TargetPropagation(lenet((1, 8, 8), 3))


KINDS = [
    *(lambda m, loss=loss: IteratedFeedback(m, loss, noise=0.2, rate=0.01) for loss in LOSSES),
    SolvedFeedback,
    lambda m: SolvedFeedback(m, follow=True),
]


@pytest.mark.parametrize("make", KINDS)
def test_forward_weights_stay_and_feedback_moves(make: Any) -> None:
    own = model()
    before = deepcopy(own.state_dict())
    feedback = make(own)
    own(IMAGES)
    feedback.step()
    after = own.state_dict()
    for name, value in before.items():
        moves = name.startswith("mirrors") and name.endswith("weight")
        assert torch.equal(value, after[name]) != moves or name.endswith("bias")
    assert all(each.grad is None for each in own.parameters())


@pytest.mark.parametrize("make", KINDS)
def test_resuming_goes_on_exactly(make: Any) -> None:
    first, second = model(), model()
    straight = make(first)
    for _ in range(4):
        first(IMAGES)
        straight.step()
    begun = make(second)
    for _ in range(2):
        second(IMAGES)
        begun.step()
    third = model()
    third.load_state_dict(second.state_dict())
    resumed = make(third)
    resumed.load_state_dict(deepcopy(begun.state_dict()))
    for _ in range(2):
        third(IMAGES)
        resumed.step()
    for name, value in first.state_dict().items():
        assert torch.equal(value, third.state_dict()[name]), name


@pytest.mark.parametrize("make", KINDS)
def test_a_model_without_a_batch_is_refused(make: Any) -> None:
    with pytest.raises(RunError, match="seen no batch"):
        make(model()).step()


def test_a_model_moved_afterwards_is_refused() -> None:
    own = model()
    feedback = IteratedFeedback(own)
    own.double()(IMAGES.double())
    with pytest.raises(RunError, match="moved"):
        feedback.step()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"loss": "none"}, "loss is one of l-drl, autoencoder, drl, got 'none'"),
        ({"samples": 0}, "samples must be a whole number at least 1, got 0"),
        ({"iterations": (1, 2)}, "iterations needs one number or 3, got 2"),
        ({"noise": 0.0}, "noise must be a finite number above 0"),
        ({"rate": (0.1, 0.1, -0.1)}, "rate must be a finite number above 0"),
    ],
)
def test_iterated_settings_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        IteratedFeedback(model(), **keywords)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"decay": 1.0}, "decay must be 0 or more and below 1, got 1.0"),
        ({"noise": 0.0}, "noise must be a finite number above 0, got 0.0"),
        ({"ridge": -1.0}, "ridge must be a finite number at least 0"),
        ({"interval": 0}, "interval must be a whole number at least 1"),
        ({"clip": 0.0}, "clip must be a finite number above 0, or None"),
    ],
)
def test_solved_settings_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SolvedFeedback(model(), **keywords)


def test_interval_leaves_batches_out() -> None:
    own = model()
    feedback = SolvedFeedback(own, interval=3)
    changed = []
    for _ in range(7):
        before = own.mirror(1).weight.clone()
        own(IMAGES)
        feedback.step()
        changed.append(not torch.equal(before, own.mirror(1).weight))
    assert changed == [True, False, False, True, False, False, True]


def test_clip_bounds_a_step() -> None:
    own = model()
    before = own.mirror(1).weight.clone()
    feedback = SolvedFeedback(own, clip=0.05)
    own(IMAGES)
    feedback.step()
    change = own.mirror(1).weight - before
    assert float(change.norm() / before.norm()) == pytest.approx(0.05, rel=1e-4)


def test_ridge_shrinks_the_solution() -> None:
    """Of a linear layer A is 1, so the solution is divided by 1 + ridge."""
    found = []
    for ridge in (0.0, 0.5):
        torch.manual_seed(0)
        own = TargetPropagation(fully_connected((4, 4, 3)).double())
        SolvedFeedback(own, ridge=ridge).warm_up([torch.randn(8, 4, dtype=torch.float64)])
        found.append(own.mirror(1).weight)
    torch.testing.assert_close(found[0], 1.5 * found[1])


def test_few_draws_give_a_projection() -> None:
    """Of linear layers: in the directions seen V is W, in the others 0; then it grows to W."""
    torch.manual_seed(0)
    own = TargetPropagation(fully_connected((4, 16, 3), nn.Identity).double())
    weight = own.blocks[1].layer.weight.detach()
    for draws in (1, 5, 16):
        feedback = SolvedFeedback(own, ridge=0.0)
        feedback.warm_up([torch.randn(draws, 4, dtype=torch.float64)])
        signs = BalancedSigns(16, (0, 1, 0), weight).draw(draws)
        projection = signs.t() @ signs / 16
        torch.testing.assert_close(own.mirror(1).weight, weight @ projection)


def test_outputs_that_never_move_get_no_feedback() -> None:
    own = TargetPropagation(
        nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    )
    own.network[1].bias.data.fill_(-1e3)
    SolvedFeedback(own, ridge=0.0).warm_up([torch.randn(8, 4)])
    assert torch.equal(own.mirror(1).weight, torch.zeros(3, 4))


@given(st.integers(1, 70), st.integers(0, 5), st.integers(1, 30))
def test_balanced_signs_are_independent_over_each_period(
    values: int, seed: int, samples: int
) -> None:
    """However they are cut into batches."""
    signs = BalancedSigns(values, (seed, 1), torch.zeros((), dtype=torch.float64))
    rows = [signs.draw(samples) for _ in range(-(-2 * signs.period // samples))]
    for period in torch.cat(rows)[: 2 * signs.period].split(signs.period):
        assert torch.equal(period.abs(), torch.ones_like(period))
        exact = signs.period * torch.eye(values, dtype=torch.float64)
        assert torch.equal(period.t() @ period, exact)


def test_balanced_signs_go_on_from_their_count() -> None:
    straight, resumed = (BalancedSigns(5, (2, 3), torch.zeros(())) for _ in range(2))
    expected = straight.draw(21)
    resumed.drawn = 10
    assert torch.equal(resumed.draw(11), expected[10:])
    assert not torch.equal(expected[:8], expected[8:16])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_followed_feedback_moves_with_the_forward_weights(seed: int) -> None:
    """A linear network, solved for; then each step of W is in V at once, and without following hardly at all."""
    apart = {}
    for follow in (True, False):
        torch.manual_seed(seed)
        own = TargetPropagation(fully_connected((16, 12, 8), nn.Identity))
        feedback = SolvedFeedback(own, ridge=0.0, follow=follow, seed=seed)
        images = torch.randn(64, 16)
        feedback.warm_up([images] * 40)
        weight = own.blocks[1].layer.weight
        for _ in range(5):
            own(images)
            feedback.step()
            with torch.no_grad():
                weight += 0.3 * torch.randn(weight.shape) * weight.norm() / weight.numel() ** 0.5
        own(images)
        feedback.step()
        apart[follow] = degrees(weight.detach(), own.mirror(1).weight)
    assert apart[True] < 2
    assert apart[False] > 10

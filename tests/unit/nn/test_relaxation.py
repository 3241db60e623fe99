"""Layers that nothing has reached yet: left out, without a trace in any state."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.nn.couplings import Dense
from eqspike.nn.relaxation import Link, Relaxation, Start, States, update_groups

LAYERS, SAMPLES, SIZE = 6, 3, 4


@dataclass
class Counting(Dense):
    """Notes who is asked for a product."""

    weight: Tensor
    products: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.weight)

    def up(self, pre: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        self.products.append("up")
        return super().up(pre, base, gain, out)

    def down(self, post: Tensor, base: Tensor, gain: float, out: Tensor | None) -> Tensor:
        self.products.append("down")
        return super().down(post, base, gain, out)


def chain(
    updates: str, biased: bool, start: Start = Start.GIVEN
) -> tuple[Relaxation, list[Counting]]:
    """From zeros, driven at the last layer alone, or everywhere; the last group of a step is the first."""
    random = torch.Generator().manual_seed(2)
    draw = lambda *shape: torch.randn(*shape, generator=random, dtype=torch.float64)  # noqa: E731
    couplings = [Counting(0.6 * draw(SIZE, SIZE)) for _ in range(LAYERS - 1)]
    links = [Link(k, k + 1, coupling) for k, coupling in enumerate(couplings)]
    base = [draw(SAMPLES, SIZE) * (biased or k == LAYERS - 1) for k in range(LAYERS)]
    states: States = [torch.zeros(SAMPLES, SIZE, dtype=torch.float64) for _ in range(LAYERS)]
    groups = update_groups(LAYERS, updates)[::-1]
    made = Relaxation(
        links, [1.0] * LAYERS, groups, states, base, lambda _, z: z.tanh_(), start=start
    )
    return made, couplings


@pytest.mark.parametrize("updates", ["synchronous", "even-odd"])
@pytest.mark.parametrize("biased", [False, True])
def test_what_nothing_has_reached_changes_no_state(updates: str, biased: bool) -> None:
    start = Start.ZEROS if biased else Start.RESTING
    (lazy, few), (plain, all_of_them) = chain(updates, biased, start), chain(updates, biased)
    for step in range(10):
        for each in (lazy, plain):
            each.step()
        for found, wanted in zip(lazy.states, plain.states, strict=True):
            assert torch.equal(found, wanted), step
        if step:  # before the first step there is no state to have moved from
            torch.testing.assert_close(lazy.residuals(), plain.residuals(), rtol=0, atol=0)
    done, without = (sum(len(each.products) for each in of) for of in (few, all_of_them))
    assert without == 2 * (LAYERS - 1) * 10
    assert done < without


def test_a_nudge_reaches_one_layer_a_step() -> None:
    """By synchronous updates; in the first step nothing is sent at all."""
    relaxation, couplings = chain("synchronous", False, start=Start.RESTING)
    for step in range(LAYERS):
        before = sum(len(each.products) for each in couplings)
        relaxation.step()
        moved = [bool(state.any()) for state in relaxation.states]
        assert moved == [k >= LAYERS - 1 - step for k in range(LAYERS)]
        sent = sum(len(each.products) for each in couplings) - before
        assert sent == max(
            0, 2 * step - 1
        )  # down from all that have moved, up from all of them but the last


def test_samples_that_rest_early_leave_layers_asleep() -> None:
    """Others go on, in a chain that the nudge has not passed through when the first look at rest is taken."""
    (lazy, _), (plain, _) = (
        chain("synchronous", False, start=Start.RESTING),
        chain("synchronous", False),
    )
    for each in (lazy, plain):
        each.base[-1][0] = 0.0
        each.settle_each(40, 1e-9)
    for found, wanted in zip(lazy.states, plain.states, strict=True):
        assert torch.equal(found, wanted)


@pytest.mark.parametrize("form", ["difference", "two-states"])
@pytest.mark.parametrize("algorithm", ["p-ep", "c-ep"])
@pytest.mark.parametrize("beta", [0.1, 0.45, 0.7])
def test_strong_nudges_and_long_steps_lead_to_the_same_rest(
    form: str, algorithm: str, beta: float
) -> None:
    """Outputs that a nudge pulls back are not carried beyond where they end, however far steps go."""
    found = []
    for factor in (0.5, 1.4):
        torch.manual_seed(0)
        settings = EnergySettings(
            algorithm=algorithm, form=form, beta=beta, curvature=1.0, updates="even-odd", free_steps=400,
            nudged_steps=400, tolerance=1e-10, nudged_tolerance=1e-9, relaxation_factor=factor, unsettled="refuse",
        )  # fmt: skip
        layers = [EnergyLayer(7), EnergyLayer(3, activation="linear")]
        block = EnergyBlock((5,), layers, settings).double()
        outputs = block(torch.rand(4, 5, dtype=torch.float64))
        (outputs - torch.eye(4, 3)).square().sum(1).div(2).mean().backward()
        assert block.report.nudged.residuals.max() <= 1e-9
        found.append(torch.cat([each.grad.flatten() for each in block.parameters()]))
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-8)

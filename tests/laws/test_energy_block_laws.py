"""Laws of the algorithms of energy blocks, for any weights, inputs and targets."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from eqspike.core.convolution import Convolution, Pooling
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings, Skip

REST = EnergySettings(
    beta=1e-3,
    free_steps=400,
    nudged_steps=400,
    tolerance=1e-13,
    nudged_tolerance=1e-10,
    curvature=1.0,
)
SEEDS = st.integers(0, 2**31)
FORMS = pytest.mark.parametrize("form", ["difference", "two-states"])
pytestmark = pytest.mark.filterwarnings(
    "ignore:the nudged states differ"
)  # where all hidden neurons are clipped


def make(
    seed: int, activation: str = "tanh", maps: bool = False
) -> tuple[EnergyBlock, Tensor, Tensor]:
    """A block at random weights, inputs and targets."""
    torch.manual_seed(seed)
    if maps:
        kinds = [Convolution(3, 1, Pooling("max", 2)), Convolution(2, 0, Pooling("average", 2))]
        layers = [EnergyLayer(3, how, activation) for how in kinds]
        shape, skips = (2, 7, 7), (Skip(0, 2, "dense"),)
    else:
        layers, shape, skips = (
            [EnergyLayer(size, activation=activation) for size in (7, 6)],
            (8,),
            (),
        )  # type: ignore[assignment]
    layers.append(EnergyLayer(4, activation="linear"))
    block = EnergyBlock(shape, layers, REST, skips).double()
    return block, torch.rand(5, *shape, dtype=torch.float64), torch.rand(5, 4, dtype=torch.float64)


def loss_of(block: EnergyBlock, x: Tensor, y: Tensor) -> Tensor:
    return 0.5 * (block(x) - y).square().sum() / len(x)


def gradients(block: EnergyBlock, x: Tensor, y: Tensor, **changes: object) -> Tensor:
    """Of all parameters and the input, in one vector."""
    block.settings = replace(REST, **changes)  # type: ignore[arg-type]
    block.zero_grad()
    x = x.clone().requires_grad_()
    loss_of(block, x, y).backward()
    return torch.cat(
        [g.flatten() for g in (*(p.grad for p in block.parameters()), x.grad) if g is not None]
    )


def apart(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).norm() / exact.norm())


@FORMS
@pytest.mark.parametrize("activation", ["tanh", "hard-sigmoid"])
@given(seed=SEEDS, beta=st.floats(0.001, 0.3))
@settings(max_examples=6)
def test_centered_is_the_mean_of_positive_and_negative(
    form: str, activation: str, seed: int, beta: float
) -> None:
    net = make(seed, activation)
    p, n, c = (gradients(*net, algorithm=a, beta=beta, form=form) for a in ("p-ep", "n-ep", "c-ep"))
    assert apart((p + n) / 2, c) < 1e-7


@FORMS
@given(seed=SEEDS, maps=st.booleans())
@settings(max_examples=6)
def test_all_three_agree_with_the_gradient_as_beta_falls(form: str, seed: int, maps: bool) -> None:
    net = make(seed, maps=maps)
    exact = gradients(*net, algorithm="implicit")
    for algorithm, order in (("p-ep", 1), ("n-ep", 1), ("c-ep", 2)):
        far, near = (
            apart(gradients(*net, algorithm=algorithm, beta=beta, form=form), exact)
            for beta in (1e-2, 1e-3)
        )
        assert near < 10.0 ** (1 - 3 * order)
        assert near < far / 10 ** (order - 0.3)


@FORMS
@given(seed=SEEDS)
@settings(max_examples=5)
def test_contrastive_learning_is_positive_coupled_learning_at_one(form: str, seed: int) -> None:
    net = make(seed, "hard-sigmoid")
    cl = gradients(*net, algorithm="cl", beta=0.123, form=form)
    assert torch.equal(cl, gradients(*net, algorithm="p-cpl", beta=1.0, form=form))


@given(seed=SEEDS)
@settings(max_examples=5)
def test_contrastive_learning_clamps_the_targets(seed: int) -> None:
    """The outputs' bias has the mean error of the free outputs for its gradient: o - y, exactly."""
    block, x, y = make(seed, "hard-sigmoid")
    gradients(block, x, y, algorithm="cl", form="two-states")
    with torch.no_grad():
        error = (block(x) - y).mean(0)
    torch.testing.assert_close(block.biases["output"].grad, error)


@pytest.mark.parametrize("algorithm", ["cl", "p-ep", "n-ep", "c-ep", "p-cpl", "n-cpl", "c-cpl"])
@given(seed=SEEDS, maps=st.booleans())
@settings(max_examples=5)
def test_a_small_step_lowers_the_loss(algorithm: str, seed: int, maps: bool) -> None:
    """Of either sign of the nudge; a wrong sign, or a factor of the wrong sign, raises it."""
    block, x, y = make(seed, maps=maps)
    gradients(block, x, y, algorithm=algorithm, beta=0.05)
    before = float(loss_of(block, x, y).detach())
    with torch.no_grad():
        for parameter in block.parameters():
            if parameter.grad is not None:
                parameter.sub_(parameter.grad, alpha=1e-3)
    assert float(loss_of(block, x, y).detach()) < before


@given(seed=SEEDS, beta=st.floats(0.001, 0.2), maps=st.booleans())
@settings(max_examples=6)
def test_both_forms_are_one_contrast(seed: int, beta: float, maps: bool) -> None:
    """Where the picks of max pooling do not change, which differences hold; with the clip as well as smoothly."""
    net = make(seed, "tanh" if maps else "hard-sigmoid", maps)
    beta = min(beta, 1e-4) if maps else beta
    forms = [
        gradients(*net, algorithm="c-ep", beta=beta, form=form)
        for form in ("difference", "two-states")
    ]
    assert apart(*forms) < 1e-7


@given(seed=SEEDS, beta=st.floats(0.01, 0.2))
@settings(max_examples=5)
def test_two_points_of_the_circle_are_the_centered_contrast(seed: int, beta: float) -> None:
    net = make(seed)
    found = gradients(*net, algorithm="holomorphic", points=2, beta=beta)
    assert apart(found, gradients(*net, algorithm="c-ep", beta=beta)) < 1e-8


@given(seed=SEEDS, angle=st.sampled_from([0.0, 45.0, 135.0]))
@settings(max_examples=6)
def test_a_small_step_of_separate_weights_lowers_the_loss(seed: int, angle: float) -> None:
    _, x, y = make(seed)
    layers = [EnergyLayer(size, activation="tanh") for size in (7, 6)] + [
        EnergyLayer(4, activation="linear")
    ]
    separate = replace(REST, feedback="separate", angle=angle)
    block = EnergyBlock((8,), layers, separate).double()
    gradients(block, x, y, feedback="separate", angle=angle)
    before = float(loss_of(block, x, y).detach())
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.sub_(parameter.grad, alpha=1e-3)  # type: ignore[arg-type]
    assert float(loss_of(block, x, y).detach()) < before


RELAXING = ("cl", "p-ep", "n-ep", "c-ep", "p-cpl", "n-cpl", "c-cpl", "implicit", "holomorphic")


@pytest.mark.parametrize("algorithm", RELAXING)
@FORMS
@given(seed=SEEDS, maps=st.booleans(), factor=st.floats(0.6, 1.6))
@settings(max_examples=3)
def test_a_relaxation_factor_changes_no_gradient(
    algorithm: str, form: str, seed: int, maps: bool, factor: float
) -> None:
    """Rest is the same, however long the steps that lead there: bounds, clamps and nudges stay where they are.

    The maps' skip couples layers that are updated together, which does not bear long steps.
    """
    factor = min(factor, 1.3) if maps else factor
    net = make(seed, "tanh" if maps or algorithm == "holomorphic" else "hard-sigmoid", maps)
    how = {"algorithm": algorithm, "form": form, "beta": 0.01}
    plain = gradients(*net, **how)
    assert apart(gradients(*net, **how, relaxation_factor=factor), plain) < 1e-6
    assert net[0].report.free is not None
    assert net[0].report.free.steps < REST.free_steps


@given(seed=SEEDS, maps=st.booleans())
@settings(max_examples=6)
def test_a_sample_comes_to_rest_as_it_would_alone(seed: int, maps: bool) -> None:
    """States, residual and steps of each; a tolerance so coarse that steps too many or too few would show."""
    block, x, _ = make(seed, maps=maps)
    block.settings = replace(REST, tolerance=1e-3)
    with torch.no_grad():
        together, settled = block(x), block.report.free
        assert settled is not None
        steps = 0
        for number, sample in enumerate(x):
            alone, found = block(sample[None]), block.report.free
            assert found is not None
            torch.testing.assert_close(together[number], alone[0], rtol=0, atol=1e-12)
            torch.testing.assert_close(
                settled.residuals[number], found.residuals[0], rtol=0, atol=1e-12
            )
            steps += found.steps
    assert settled.sample_steps == steps


@pytest.mark.parametrize("algorithm", ["c-ep", "n-ep", "p-cpl", "implicit"])
@given(seed=SEEDS, maps=st.booleans())
@settings(max_examples=3)
def test_a_sample_teaches_as_it_would_alone(algorithm: str, seed: int, maps: bool) -> None:
    """The gradient of a mean is that of its samples, each of which ends its phases in its own time."""
    block, x, y = make(seed, maps=maps)
    coarse = {"tolerance": 1e-2, "nudged_tolerance": 1e-1, "beta": 0.1, "dead_zone": 1e-3}
    if algorithm == "implicit":
        del coarse["dead_zone"]
    together = gradients(block, x, y, algorithm=algorithm, **coarse)
    inputs = block.structure.input.size
    alone = [
        gradients(block, a[None], b[None], algorithm=algorithm, **coarse)
        for a, b in zip(x, y, strict=True)
    ]
    parameters = torch.stack([each[:-inputs] for each in alone]).mean(0)
    assert apart(together[: -inputs * len(x)], parameters) < 1e-9
    by_input = torch.cat([each[-inputs:] for each in alone]) / len(x)
    assert apart(together[-inputs * len(x) :], by_input) < 1e-9


@given(seed=SEEDS)
@settings(max_examples=5)
def test_over_relaxation_needs_fewer_steps(seed: int) -> None:
    """On couplings so strong that plain steps are slow; damping needs more."""
    torch.manual_seed(seed)
    layers = [EnergyLayer(size, activation="tanh", gain=0.8) for size in (40, 40, 40)]
    block = EnergyBlock((20,), [*layers, EnergyLayer(4, activation="linear")]).double()
    images, steps = torch.rand(5, 20, dtype=torch.float64), {}
    for factor in (0.7, 1.0, 1.3):
        block.settings = replace(REST, free_steps=9999, tolerance=1e-8, relaxation_factor=factor)
        block(images)
        assert block.report.free is not None
        steps[factor] = block.report.free.steps
    assert steps[1.3] < steps[1.0] < steps[0.7], steps

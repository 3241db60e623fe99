"""Gradients of energy blocks against autograd, in every form and number format, and with ties in max pooling."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d, max_pool2d, max_unpool2d

from eqspike.core.convolution import Convolution, Pooling
from eqspike.nn import (
    DCHN_SETTINGS,
    EnergyBlock,
    EnergyLayer,
    EnergySettings,
    PrecisionWarning,
    Skip,
    dchn,
)
from eqspike.nn.convolution import HANDICAP

REST = EnergySettings(
    beta=1e-3,
    free_steps=600,
    nudged_steps=400,
    tolerance=1e-14,
    nudged_tolerance=1e-12,
    curvature=1.0,
)


def gradients(block: EnergyBlock, x: Tensor, y: Tensor, **changes: object) -> list[Tensor]:
    """Of half the squared error by all parameters, in their order."""
    block.settings = replace(block.settings, **changes)  # type: ignore[arg-type]
    block.zero_grad()
    (0.5 * (block(x) - y).square().sum() / len(x)).backward()
    return [p.grad.double().clone() for p in block.parameters() if p.grad is not None]


def cosines(found: list[Tensor], exact: list[Tensor]) -> list[float]:
    return [float((a * b).sum() / (a.norm() * b.norm())) for a, b in zip(found, exact, strict=True)]


def errors(found: list[Tensor], exact: list[Tensor]) -> list[float]:
    return [float((a - b).norm() / b.norm()) for a, b in zip(found, exact, strict=True)]


class TestExact:
    """A convolution with max pooling, a dense layer and outputs, written out once more and left to autograd."""

    def setup_method(self) -> None:
        torch.manual_seed(3)
        layers = [
            EnergyLayer(3, Convolution(3, 1, Pooling("max", 2)), "sigmoid-4"),
            EnergyLayer(6, activation="tanh"),
            EnergyLayer(4, activation="linear"),
        ]
        self.block = EnergyBlock(
            (2, 6, 6), layers, replace(REST, tolerance=0.0, feedback="separate", angle=45.0)
        ).double()
        self.x, self.y = (
            torch.rand(5, 2, 6, 6, dtype=torch.float64),
            torch.rand(5, 4, dtype=torch.float64),
        )

    def by_hand(self) -> list[Tensor]:
        """Autograd through 300 synchronous steps from zero."""
        (w0, w1, w2), (back1, back2) = self.block.weights.values(), self.block.feedback.values()
        b0, b1, b2 = self.block.biases.values()
        s0, s1, s2 = torch.zeros(5, 27), torch.zeros(5, 6), torch.zeros(5, 4)
        s0, s1, s2 = s0.double(), s1.double(), s2.double()
        place = torch.arange(6) % 2
        later = HANDICAP * (2 * place[:, None] + place).double()
        for _ in range(300):
            drive = max_pool2d(conv2d(self.x, w0, padding=1) - later, 2).flatten(1)
            bias = b0.repeat_interleave(9)
            n0 = torch.sigmoid(4 * (drive + s1 @ back1 + bias) - 2)
            n1 = torch.tanh(s0 @ w1.t() + s2 @ back2 + b1)
            s0, s1, s2 = n0, n1, s1 @ w2.t() + b2
        loss = 0.5 * (s2 - self.y).square().sum() / 5
        return list(torch.autograd.grad(loss, list(self.block.parameters())))

    @pytest.mark.parametrize(
        ("algorithm", "bound"), [("implicit", 1e-10), ("unrolled", 1e-10), ("c-ep", 1e-5)]
    )
    def test_against_autograd_through_all_steps(self, algorithm: str, bound: float) -> None:
        """Backward weights apart from the forward ones."""
        found = gradients(self.block, self.x, self.y, algorithm=algorithm)
        assert max(errors(found, self.by_hand())) < bound


@pytest.mark.parametrize("angle", [0.0, 45.0, 135.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_separate_weights_have_the_exact_gradient_at_any_angle(angle: float, seed: int) -> None:
    """Networks 30-40-30-20-10: every weight of both ways and every bias, centered at 1e-3."""
    torch.manual_seed(seed)
    layers = [EnergyLayer(size, activation="tanh") for size in (40, 30, 20, 10)]
    block = EnergyBlock((30,), layers, replace(REST, feedback="separate", angle=angle)).double()
    x, y = torch.rand(8, 30, dtype=torch.float64), torch.rand(8, 10, dtype=torch.float64)
    exact = gradients(block, x, y, algorithm="unrolled")
    assert max(errors(gradients(block, x, y, algorithm="c-ep"), exact)) < 1e-5
    assert max(errors(gradients(block, x, y, algorithm="implicit"), exact)) < 1e-10


@pytest.mark.parametrize("pooling", ["average", "none"])
@pytest.mark.parametrize("seed", [0, 1])
def test_separate_kernels_have_the_exact_gradient(pooling: str, seed: int) -> None:
    """Without max pooling, whose picks may alternate for ever; the block then says so."""
    torch.manual_seed(seed)
    how = Convolution(3, 1, Pooling(pooling, 1 if pooling == "none" else 2))
    layers = [
        EnergyLayer(3, how, "tanh", 0.25),
        EnergyLayer(4, how, "tanh", 0.25),
        EnergyLayer(5, activation="linear"),
    ]
    settings = replace(REST, feedback="separate", angle=135.0)
    block = EnergyBlock((2, 9, 9), layers, settings, [Skip(0, 2, "dense")]).double()
    x, y = torch.rand(6, 2, 9, 9, dtype=torch.float64), torch.rand(6, 5, dtype=torch.float64)
    exact = gradients(block, x, y, algorithm="unrolled")
    assert max(errors(gradients(block, x, y, algorithm="c-ep"), exact)) < 1e-5


@pytest.mark.parametrize("points", [3, 4])
def test_the_circle_written_out(points: int) -> None:
    """Complex states of a dense network at a large nudge, and the first Fourier coefficient of dPhi/dW."""
    torch.manual_seed(1)
    layers = [EnergyLayer(6, activation="tanh"), EnergyLayer(4, activation="linear")]
    beta = 0.4
    settings = replace(REST, algorithm="holomorphic", points=points, beta=beta)
    block = EnergyBlock((8,), layers, settings).double()
    x, y = torch.rand(5, 8, dtype=torch.float64), torch.rand(5, 4, dtype=torch.float64)
    found = gradients(block, x, y)
    with torch.no_grad():
        (w0, w1), (b0, b1) = (
            [p.to(torch.complex128) for p in part.values()]
            for part in (block.weights, block.biases)
        )
        total = [torch.zeros_like(w) for w in (w0, w1)]
        for number in range(points):
            turn = torch.exp(torch.tensor(2j * torch.pi * number / points, dtype=torch.complex128))
            s0, s1 = (
                torch.zeros(5, 6, dtype=torch.complex128),
                torch.zeros(5, 4, dtype=torch.complex128),
            )
            for _ in range(400):
                s0 = torch.tanh(x.to(torch.complex128) @ w0.t() + s1 @ w1 + b0)
                s1 = s0 @ w1.t() + b1 + beta * turn * (y - s1)
            total[0] += s0.t() @ x.to(torch.complex128) / turn
            total[1] += s1.t() @ s0 / turn
    for ours, sum_of_points in zip(found, total, strict=False):
        expected = -sum_of_points.real / (points * beta * 5)
        assert float((ours - expected).norm()) < 1e-9 * float(expected.norm())


@pytest.mark.parametrize("points", [2, 4, 6])
def test_the_error_of_points_on_a_circle_falls_as_beta_to_their_number(points: int) -> None:
    torch.manual_seed(0)
    layers = [EnergyLayer(size, activation="tanh") for size in (12, 10)] + [
        EnergyLayer(4, activation="linear")
    ]
    block = EnergyBlock((15,), layers, REST).double()
    x, y = torch.rand(6, 15, dtype=torch.float64), torch.rand(6, 4, dtype=torch.float64)
    exact = gradients(block, x, y, algorithm="implicit")
    far, near = (
        max(
            errors(gradients(block, x, y, algorithm="holomorphic", points=points, beta=beta), exact)
        )
        for beta in (0.2, 0.1)
    )
    assert far / near == pytest.approx(2.0**points, rel=0.35)


def digits(seed: int) -> tuple[Tensor, Tensor]:
    """Strokes on a constant background, as of images of digits, and random targets."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.zeros(8, 1, 32, 32)
    x[:, :, 10:22, 12:20] = torch.rand(8, 1, 12, 8, generator=generator)
    return (x - 0.1307) / 0.3081, torch.eye(10)[torch.randint(0, 10, (8,), generator=generator)]


@pytest.mark.parametrize("seed", [0, 1, 2])
class TestPrecision:
    """A five-layer convolutional network at initial weights, against implicit differentiation in float64."""

    def exact(self, seed: int) -> tuple[EnergyBlock, Tensor, Tensor, list[Tensor]]:
        torch.manual_seed(seed)
        block, (x, y) = dchn((8, 16, 32, 32)), digits(seed)
        limit = replace(REST, algorithm="implicit", tolerance=1e-12)
        twin = dchn((8, 16, 32, 32), settings=limit).double()
        twin.load_state_dict(block.state_dict())
        return block, x, y, gradients(twin, x.double(), y.double())

    def test_differences_keep_the_gradient_in_bfloat16_and_two_states_lose_it(
        self, seed: int
    ) -> None:
        block, x, y, exact = self.exact(seed)
        low = replace(DCHN_SETTINGS, precision=torch.bfloat16, tolerance=4e-3, beta=0.01)
        block.settings = low
        assert min(cosines(gradients(block, x, y), exact)) > 0.97
        with pytest.warns(PrecisionWarning, match=r"four roundings of torch.bfloat16 .* 'hidden1'"):
            lost = gradients(block, x, y, form="two-states")
        assert cosines(lost, exact)[1] < 0.6
        assert block.report.moved[0] < 0.1
        assert block.report.coarse[0] > 0.5

    def test_small_nudges_of_differences_have_less_bias_than_large_ones_of_states(
        self, seed: int
    ) -> None:
        block, x, y, exact = self.exact(seed)
        block.settings = replace(DCHN_SETTINGS, tolerance=1e-6, nudged_tolerance=1e-4)
        states = errors(gradients(block, x, y, form="two-states"), exact)
        differences = errors(gradients(block, x, y, form="difference", beta=0.01), exact)
        assert max(differences) < 0.25 * max(states)

    def test_rounding_on_a_constant_background_does_not_decide_what_kernels_learn(
        self, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Noise of the size of rounding breaks ties of max pooling, unless the first place is ahead."""
        block, x, y, exact = self.exact(seed)
        close = {
            "algorithm": "implicit",
            "tolerance": 1e-6,
            "nudged_tolerance": 1e-6,
            "nudged_steps": 60,
        }
        noise = 1e-7 * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
        assert max(errors(gradients(block, x + noise, y, **close), exact)) < 1e-3
        monkeypatch.setattr("eqspike.nn.circuit.HANDICAP", 0.0)
        assert max(errors(gradients(block, x + noise, y, **close), exact)) > 0.05


@pytest.mark.parametrize("noise", [0.0, 1e-7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("level", [0.0, 1.0, 0.37, -0.42])
def test_the_first_of_equal_places_wins(dtype: torch.dtype, level: float, noise: float) -> None:
    """Constant images, up to noise of the size of rounding, at every window that sees no border."""
    torch.manual_seed(0)
    block = EnergyBlock((3, 24, 24), [EnergyLayer(16, Convolution(3, 0, Pooling("max", 2)))])
    weight = block.weights["input-output"].detach().to(dtype)
    x = (level + noise * torch.randn(4, 3, 24, 24)).to(dtype)
    ones = torch.ones(4, 16, 11, 11, dtype=dtype)

    def firsts(handicap: float) -> float:
        coupling = block.structure.wires[0].make(weight, None, handicap)
        coupling.observe(x.contiguous(memory_format=torch.channels_last))
        spread = coupling.spread(ones)
        assert float(spread.double().sum()) == ones.numel()
        return float(spread[:, :, ::2, ::2].double().mean())

    if (
        dtype == torch.bfloat16
    ):  # noise this small is rounded away, where there is something to round it to
        assert firsts(0.0) == 1.0 or (noise and not level)
        return
    assert firsts(HANDICAP) == 1.0
    if noise:
        assert firsts(0.0) < 0.5


def test_picks_are_those_of_the_free_state_up_and_down() -> None:
    """P(W delta) and its transposed, by the free state's picks whatever delta is."""
    torch.manual_seed(0)
    block = EnergyBlock((2, 6, 6), [EnergyLayer(3, Convolution(3, 1, Pooling("max", 2)))])
    weight = block.weights["input-output"].detach().double()
    coupling = block.structure.wires[0].make(weight, None, 0.0)
    free, delta, post = (
        torch.rand(4, *shape).double() for shape in ((2, 6, 6), (2, 6, 6), (3, 3, 3))
    )
    coupling.observe(free)
    _, picks = max_pool2d(conv2d(free, weight, padding=1), 2, return_indices=True)
    held, zero = coupling.held(2), torch.zeros(8, 3, 3, 3).double()
    up = held.up(torch.cat([delta, -delta]), zero, 2.0, None)
    expected = (
        conv2d(delta, weight, padding=1).flatten(2).gather(2, picks.flatten(2)).view(4, 3, 3, 3)
    )
    torch.testing.assert_close(up, torch.cat([2 * expected, -2 * expected]))
    down = held.down(torch.cat([post, post]), torch.zeros(8, 2, 6, 6).double(), 1.0, None)
    wide = conv_transpose2d(max_unpool2d(post, picks, 2), weight, padding=1)
    torch.testing.assert_close(down, torch.cat([wide, wide]))

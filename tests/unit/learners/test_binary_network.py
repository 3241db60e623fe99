"""The binary network: its values, its straight-through gradients, and what its normalisations keep."""

from __future__ import annotations

import pytest
import torch

from eqspike.core.errors import ConfigError
from eqspike.learners.binary import BinaryNetwork
from eqspike.learners.binary.network import WIDTH, binary, sign_activation

SIZES = (6, 5, 4, 3)


def images(samples: int = 8) -> torch.Tensor:
    return torch.rand((samples, SIZES[0]), generator=torch.Generator().manual_seed(1))


def test_logits_are_those_of_the_equations() -> None:
    network = BinaryNetwork(SIZES, seed=2)
    values = images()
    for number, (coupling, norm) in enumerate(zip(network.couplings, network.norms, strict=True)):
        sums = values @ coupling.hidden.sign().t()
        spread = (sums.var(0, unbiased=False) + 1e-5).sqrt()
        values = norm.weight * (sums - sums.mean(0)) / spread + norm.bias
        values = values.sign() if number < 2 else values
    torch.testing.assert_close(network(images()), values)


def test_gradient_of_an_activation_passes_within_one() -> None:
    values = torch.tensor([-1.5, -1.0, -0.2, 0.0, 0.7, 1.0, 1.1], requires_grad=True)
    (sign_activation(values) * torch.arange(1.0, 8.0)).sum().backward()
    assert torch.equal(values.grad, torch.tensor([0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]))


def test_gradient_of_a_weight_passes_everywhere() -> None:
    hidden = torch.tensor([-3.0, 0.1, 2.0], requires_grad=True)
    (binary(hidden) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert torch.equal(hidden.grad, torch.tensor([1.0, 2.0, 3.0]))


def test_magnitudes_do_not_matter() -> None:
    network = BinaryNetwork(SIZES)
    expected = network(images())
    with torch.no_grad():
        for weight in (coupling.hidden for coupling in network.couplings):
            weight.mul_(torch.rand(weight.shape) + 0.5)
    assert torch.equal(network(images()), expected)


def test_initial_state_is_that_of_the_seed() -> None:
    network = BinaryNetwork((200, 100, 50), seed=4)
    again, other = BinaryNetwork((200, 100, 50), seed=4), BinaryNetwork((200, 100, 50), seed=5)
    for a, b, c in zip(network.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c) or not torch.any(a)
    assert 0.9 * WIDTH < network.couplings[0].hidden.abs().max() <= WIDTH
    assert all(0 <= norm.weight.min() < norm.weight.max() < 1 for norm in network.norms)
    assert all(torch.all(norm.weight == 1) for norm in BinaryNetwork(SIZES, gamma="ones").norms)


def test_batch_statistics_let_the_other_samples_matter_and_running_ones_do_not() -> None:
    for statistics, equal in (("batch", False), ("running", True)):
        network = BinaryNetwork(SIZES, statistics=statistics)
        network(images(50))
        network.eval()
        assert torch.equal(network(images())[:4], network(images()[:4])) == equal


@pytest.mark.parametrize(
    "wrong", [{"sizes": (3,)}, {"sizes": (3, 0)}, {"gamma": "two"}, {"statistics": "none"}]
)
def test_wrong_choices_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        BinaryNetwork(**{"sizes": SIZES, **wrong})  # type: ignore[arg-type]

"""The state-space model: shapes, seeds, dropout, refusals, and that it learns as backpropagation does."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from eqspike.core.errors import ConfigError
from eqspike.nn.dropout import Dropout
from eqspike.nn.hssm import HamiltonianStack


def losses(kind: str, backward: str, seed: int) -> list[float]:
    """Of ten steps of Adam on random series in float64."""
    model = HamiltonianStack(
        2, 3, hidden=8, units=8, kind=kind, backward=backward, dropout=0.1, seed=seed
    ).double()
    generator = torch.Generator().manual_seed(seed)
    series = torch.randn(6, 50, 2, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (6,), generator=generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    found = []
    torch.manual_seed(seed)
    for _ in range(10):
        optimiser.zero_grad()
        loss = cross_entropy(model(series), labels)
        loss.backward()
        optimiser.step()
        found.append(float(loss.detach()))
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["linear", "log-cosh"])
def test_learning_by_echo_is_learning_by_backpropagation(kind: str, seed: int) -> None:
    exact = losses(kind, "bptt", seed)
    assert losses(kind, "rhel", seed) == pytest.approx(exact, rel=1e-6)
    assert exact[-1] < 0.9 * exact[0]


def test_a_seed_fixes_all_initial_values_and_draws_from_nowhere_else() -> None:
    before = torch.random.get_rng_state()
    first, second, other = (HamiltonianStack(2, 3, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
    differing = [
        name
        for name, value in first.state_dict().items()
        if value.is_floating_point() and not torch.equal(value, other.state_dict()[name])
    ]
    assert {"encode.weight", "blocks.1.unit.energy.stiffness", "blocks.0.read_out.of_inputs"} < set(
        differing
    )


@pytest.mark.parametrize("probability", [0.05, 0.5])
def test_dropout_keeps_the_mean(probability: float) -> None:
    torch.manual_seed(0)
    drop, values = Dropout(probability), torch.ones(999, 1_001)
    dropped = drop(values)
    assert float((dropped == 0).float().mean()) == pytest.approx(probability, abs=2e-3)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=5e-3)
    assert dropped.unique().numel() == 2
    assert torch.equal(drop.eval()(values), values)
    columns = (dropped == 0).float()
    both = float((columns[:, 1:] * columns[:, :-1]).mean())
    assert both == pytest.approx(probability**2, abs=2e-3)


def test_no_dropout_is_none() -> None:
    values = torch.ones(5)
    assert Dropout(0.0)(values) is values


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="kind must be one of linear, log-cosh, got 'cubic'"):
        HamiltonianStack(1, 1, kind="cubic")
    with pytest.raises(ConfigError, match="probability must be from 0 to below 1, got 1"):
        Dropout(1.0)

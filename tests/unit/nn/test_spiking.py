"""The spiking network in Norse: its equations, its counts, its gradient, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from eqspike.core.errors import ConfigError, DataError
from eqspike.nn.spiking import SpikingNetwork

SIZES = (6, 5, 4, 3)


def network(**keywords: Any) -> SpikingNetwork:
    made = SpikingNetwork(SIZES, seed=1, **keywords)
    for weight in made.weights:
        weight.data *= 6.0
    return made


def some_spikes(steps: int = 30, samples: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return (torch.rand(steps, samples, SIZES[0], generator=generator) < 0.3).float()


def simulated(
    own: SpikingNetwork, spikes: Tensor, membrane: float, synapse: float
) -> tuple[Any, Any]:
    """The equations of the module's docstring in NumPy: greatest potentials, spikes by sample and layer."""
    weights = [weight.detach().numpy().astype(np.float64) for weight in own.weights]
    v = [np.zeros((spikes.shape[1], len(weight))) for weight in weights]
    i = [np.zeros_like(each) for each in v]
    greatest = np.full(v[-1].shape, -np.inf)
    sent = np.zeros((spikes.shape[1], len(weights)), np.int64)
    for values in spikes.numpy().astype(np.float64):
        for layer, weight in enumerate(weights):
            sent[:, layer] += values.sum(1).astype(np.int64)
            i[layer] += values @ weight.T
            v[layer] += membrane * (i[layer] - v[layer])
            i[layer] *= 1 - synapse
            if layer < len(weights) - 1:
                values = (v[layer] > 1.0).astype(np.float64)
                v[layer][values == 1] = 0.0
        greatest = np.maximum(greatest, v[-1])
    return greatest, sent


@pytest.mark.parametrize(("membrane_s", "synapse_s"), [(0.01, 0.005), (0.005, 0.01)])
def test_logits_and_counts_are_those_of_the_equations(membrane_s: float, synapse_s: float) -> None:
    own, spikes = network(membrane_s=membrane_s, synapse_s=synapse_s), some_spikes()
    logits, sent = simulated(own, spikes, 0.001 / membrane_s, 0.001 / synapse_s)
    torch.testing.assert_close(
        own(spikes).detach(), torch.tensor(logits).float(), rtol=1e-4, atol=1e-5
    )
    counts = own.count(spikes)
    assert np.array_equal(counts.spikes, sent)
    assert (sent.sum(0) > 0).all()
    assert np.array_equal(counts.synaptic_operations, sent * np.array([5, 4, 3]))
    assert counts.spikes.dtype == counts.synaptic_operations.dtype == np.int64


def test_silence_costs_nothing() -> None:
    counts = network().count(torch.zeros(4, 2, 6))
    assert not counts.spikes.any()
    assert not counts.synaptic_operations.any()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_surrogate_gradient_learns(seed: int) -> None:
    """Three classes of spike patterns, told apart after a few steps."""
    torch.manual_seed(seed)
    labels = torch.arange(30) % 3
    rates = 0.1 + 0.5 * F.one_hot(labels, 3).repeat(1, 4).float()
    spikes = torch.bernoulli(rates.expand(25, 30, 12))
    own = SpikingNetwork((12, 20, 3), seed=seed)
    optimiser = torch.optim.Adam(own.parameters(), lr=0.01)
    for _ in range(25):
        optimiser.zero_grad()
        F.cross_entropy(own(spikes), labels).backward()
        assert all(bool((weight.grad != 0).any()) for weight in own.weights)
        optimiser.step()
    assert float((own(spikes).argmax(1) == labels).float().mean()) > 0.9


def test_seed_gives_the_weights() -> None:
    first, same, other = SpikingNetwork(SIZES), SpikingNetwork(SIZES), SpikingNetwork(SIZES, seed=1)
    assert torch.equal(first.weights[0], same.weights[0])
    assert not torch.equal(first.weights[0], other.weights[0])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"sizes": (4,)}, "two sizes"),
        ({"threshold": 0.0}, "threshold must be a finite number above 0, got 0.0"),
        ({"alpha": -1.0}, "alpha must be a finite number above 0"),
        ({"step_s": 0.0}, "step_s must be a finite number above 0"),
        ({"membrane_s": 1e-4}, "membrane_s must be at least step_s"),
        ({"synapse_s": float("nan")}, "synapse_s must be a finite number, got nan"),
    ],
)
def test_numbers_out_of_range_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SpikingNetwork(**keywords)


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        (torch.zeros(3, 6), r"must be \(steps, samples, 6\), got \(3, 6\)"),
        (torch.zeros(3, 2, 5), r"got \(3, 2, 5\)"),
        (torch.zeros(0, 2, 6), r"got \(0, 2, 6\)"),
        (torch.full((3, 2, 6), 0.5), "must be 0 or 1"),
        (torch.full((3, 2, 6), 2.0), "must be 0 or 1"),
    ],
)
def test_what_are_no_spikes_is_refused(spikes: Tensor, message: str) -> None:
    with pytest.raises(DataError, match=message):
        network()(spikes)

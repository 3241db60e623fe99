"""An energy block and the torch engine ask for the same changes of the same network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eqspike.core.activations import ACTIVATIONS
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.network import layered
from eqspike.core.rates import Dynamics, Feedback, RateNeuron
from eqspike.engines.torch import TorchSession
from eqspike.memory import Ideal
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings
from eqspike.rules import Equilibrium, Nudging
from eqspike.systems import RateSystem

IMAGES = np.random.default_rng(0).integers(1, 256, (6, 2 * 8 * 8)).astype(np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])
KEYS = np.arange(6, dtype=np.uint64)
CONV = Convolution(3, 1, Pooling("max", 2))


@pytest.mark.parametrize("activation", ["hard-sigmoid", "sigmoid-4", "tanh"])
@pytest.mark.parametrize("form", ["difference", "two-states"])
@pytest.mark.parametrize(("sign", "algorithm"), [("positive", "p-ep"), ("both", "c-ep")])
def test_one_contrast(activation: str, form: str, sign: str, algorithm: str) -> None:
    """At rest, 4-4 maps, 7 and 3 neurons, all with the same activation, nudged inside by beta (y - s)."""
    beta = 1e-3
    network = layered(((2, 8, 8), (4, 4, 4), 7, 3), (CONV, None, None))
    system = RateSystem(
        network, RateNeuron(ACTIVATIONS[activation]), Dynamics("even-odd"), Feedback(),
        Equilibrium(Nudging(300, 300, beta, sign)), Ideal(), "float64", (1.0,) * 3, (1.0,) * 3,
    )  # fmt: skip
    layers = [
        EnergyLayer(4, CONV, activation),
        EnergyLayer(7, activation=activation),
        EnergyLayer(3, activation=activation),
    ]
    settings = EnergySettings(
        algorithm, beta, form, 300, 300, tolerance=None, nudged_tolerance=None, curvature=1.0
    )  # fmt: skip
    block = EnergyBlock((2, 8, 8), layers, settings).double()
    images = torch.tensor(IMAGES).view(-1, 2, 8, 8).double() / 255
    with TorchSession(system, 1) as session:
        weights, asked = session.weights(), session.changes(IMAGES, LABELS, KEYS)
        rates = session.rates(IMAGES)["output"]
    with torch.no_grad():
        for name, parameter in block.weights.items():
            parameter.copy_(torch.tensor(np.moveaxis(weights[name], -1, 0)))
        for name, parameter in block.biases.items():
            parameter.copy_(torch.tensor(weights[f"{name}.bias"]))
    outputs = block(images)
    np.testing.assert_allclose(outputs.detach().numpy(), rates, atol=1e-4)
    (0.5 * (outputs - torch.eye(3)[LABELS]).square().sum() / 6).backward()
    for name, parameter in [*block.weights.items(), *block.biases.items()]:
        ours = -parameter.grad.numpy()  # type: ignore[union-attr]
        theirs = np.moveaxis(asked[name], -1, 0) if name in asked else asked[f"{name}.bias"]
        assert np.linalg.norm(ours - theirs) < 2e-4 * np.linalg.norm(theirs) + 1e-12

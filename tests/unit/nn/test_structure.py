"""Layers and couplings of a block: shapes, counts of operations, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ConfigError
from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings, Skip, dchn
from eqspike.nn.structure import Structure

CONV = Convolution(3, 1, Pooling("max", 2))


def test_shapes_follow_from_below() -> None:
    layers = [
        EnergyLayer(4, CONV),
        EnergyLayer(6, Convolution(2)),
        EnergyLayer(5),
        EnergyLayer(by="identity"),
    ]
    made = Structure.of((2, 9, 9), layers)
    assert [layer.maps or layer.size for layer in made.layers] == [(4, 4, 4), (6, 3, 3), 5, 5]
    assert [layer.name for layer in made.layers] == ["hidden1", "hidden2", "hidden3", "output"]
    assert [wire.shape for wire in made.wires] == [(4, 2, 3, 3), (6, 4, 2, 2), (5, 54), ()]


@pytest.mark.parametrize(
    ("shape", "layers", "skips", "says"),
    [
        ((8, 8), [EnergyLayer(3)], (), "got \\(8, 8\\) and 1 layers"),
        ((8,), [], (), "at least one layer"),
        ((8,), [EnergyLayer(3, activation="relu")], (), "activation must be one of .* got 'relu'"),
        ((8,), [EnergyLayer(0)], (), "layer 0: size must be 1 or more, got 0"),
        ((8,), [EnergyLayer(3, "sparse")], (), "by must be 'dense', 'identity' or a Convolution, got 'sparse'"),
        ((8,), [EnergyLayer(3, "identity")], (), "keeps the 8 neurons below, got size 3"),
        ((8,), [EnergyLayer(3, CONV)], (), "needs maps below, got 8 neurons of 'input'"),
        ((1, 2, 2), [EnergyLayer(3, Convolution(3))], (), "leave nothing of 2 rows and 2 columns"),
        ((8,), [EnergyLayer(3)] * 2, (Skip(0, 1),), "skip 0 to 1: must lead up over at least one of the 2"),
        ((8,), [EnergyLayer(3)] * 3, (Skip(0, 3),), "skip 0 to 3"),
        ((8,), [EnergyLayer(3), EnergyLayer(4), EnergyLayer(4)], (Skip(0, 2),), "makes 3, but layer 2 is 4"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(shape, layers, skips, says) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=says):
        Structure.of(shape, layers, skips)


def test_initial_weights_are_bounded_by_their_fan_in() -> None:
    torch.manual_seed(0)
    block = EnergyBlock((4, 8, 8), [EnergyLayer(50, CONV, gain=0.7), EnergyLayer(60, gain=0.3)])
    for name, bound in (("input-hidden1", 0.7 / 36**0.5), ("hidden1-output", 0.3 / 800**0.5)):
        assert 0.9 * bound < float(block.weights[name].detach().abs().max()) <= bound


def test_separate_weights_start_at_their_angle() -> None:
    torch.manual_seed(0)
    for angle in (0, 45, 90, 135):
        settings = EnergySettings(feedback="separate", angle=float(angle))
        block = EnergyBlock((4,), [EnergyLayer(150), EnergyLayer(150)], settings)
        up, down = (
            block.weights["hidden1-output"].flatten(),
            block.feedback["hidden1-output"].flatten(),
        )
        cosine = float(torch.nn.functional.cosine_similarity(up, down, 0).detach())
        assert cosine == pytest.approx(
            torch.cos(torch.deg2rad(torch.tensor(float(angle)))).item(), abs=0.03
        )


class TestOperations:
    def test_by_hand(self) -> None:
        """Input 8-6, then 6-5 and 5-3: 48 products once, 45 each way at each step."""
        settings = EnergySettings(
            tolerance=None, nudged_tolerance=None, free_steps=7, nudged_steps=4
        )
        block = EnergyBlock((8,), [EnergyLayer(6), EnergyLayer(5), EnergyLayer(3)], settings)
        block(torch.rand(10, 8)).sum().backward()
        assert block.take_operations() == {
            "free": 10 * (48 + 2 * 45 * 7),
            "nudged": 10 * 2 * 45 * (2 * 4 + 1),
            "contrast": 10 * (48 + 2 * 45),
        }
        assert block.take_operations() == {}

    def test_convolutions_count_places_and_taps(self) -> None:
        layers = [EnergyLayer(2, Convolution(3, 1)), EnergyLayer(4, CONV)]
        block = EnergyBlock((1, 5, 5), layers, EnergySettings(tolerance=None, free_steps=3))
        block(torch.rand(2, 1, 5, 5))
        assert block.take_operations() == {"free": 2 * (25 * 2 * 9 + 2 * 3 * 25 * 8 * 9)}

    def test_saturated_neurons_send_no_differences(self) -> None:
        settings = EnergySettings(tolerance=None, nudged_tolerance=None, nudged_steps=6)
        block = EnergyBlock(
            (8,), [EnergyLayer(6), EnergyLayer(5), EnergyLayer(3, activation="linear")], settings
        )
        block.count_nonzero = True
        with torch.no_grad():
            block.biases["hidden1"].fill_(50.0)
        block(torch.rand(10, 8)).sum().backward()
        counts = block.take_operations()
        # The second layer sends to both sides, 9 products a neuron, and the outputs to it, 5, from the first step.
        assert counts["nudged_nonzero"] <= 20 * 6 * (5 * 9 + 3 * 5)
        assert counts["nudged_nonzero"] > 20 * 6 * 3 * 5
        block.settings = replace(settings, algorithm="unrolled")
        block(torch.rand(10, 8)).sum().backward()
        assert block.take_operations()["nudged"] > 0


def test_deep_convolutional_hopfield_networks() -> None:
    block = dchn("dchn")
    assert [tuple(w.shape[:2]) for w in block.weights.values()] == [
        (128, 1), (256, 128), (512, 256), (512, 512), (10, 2048),
    ]  # fmt: skip
    with torch.no_grad():
        block = dchn("dchn-quarter", gains=(0.4, 0.7, 0.6, 0.3, 0.4))
        assert block(torch.rand(2, 1, 32, 32)).shape == (2, 10)
    assert block.report.free is not None
    assert float(block.report.free.residuals.max()) <= 1e-4
    with pytest.raises(ConfigError, match="leave nothing"):
        dchn("dchn", image=(1, 8, 8))


@pytest.mark.parametrize(
    ("shape", "layers", "words"),
    [
        (64, [EnergyLayer(8)], r"shape must be a tuple .* got 64$"),
        ((6.4,), [EnergyLayer(8)], r"shape must be a tuple .* got \(6\.4,\)$"),
        ((64,), [128], r"list of EnergyLayer, such as .* got \[128\]$"),
        ((64,), EnergyLayer(8), r"list of EnergyLayer, such as .* got EnergyLayer"),
    ],
)
def test_wrong_types_are_refused_in_words(shape: Any, layers: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        EnergyBlock(shape, layers)


def test_settings_and_inputs_of_a_wrong_type_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"must be EnergySettings\(\.\.\.\), got \{'beta': 0\.1\}"
    ):
        EnergyBlock((8,), [EnergyLayer(3)], {"beta": 0.1})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"floating-point.*got torch\.int64 of \(2, 8\)"):
        EnergyBlock((8,), [EnergyLayer(3)])(torch.ones(2, 8, dtype=torch.int64))

"""Convolutions in a model's layers and couplings: sizes, what meets what, and errors that say what would fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.core.config import Section
from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.messages import VALUES, Messages
from eqspike.core.network import Coupling, Layer, Network, layered, read_network
from eqspike.core.rates import Feedback, refuse_convolutions

MAX = {"kind": "max", "size": 2}
DENSE = {"kind": "dense"}


def convolution(**changes: Any) -> dict[str, Any]:
    return {"kind": "convolution", "kernel": 3, **changes}


def read(layers: object, *couplings: object) -> Network:
    data: dict[str, object] = {"layers": layers}
    if couplings:
        data["couplings"] = list(couplings)
    return read_network(Section(data, "net.yaml"))


def test_maps_and_kernels() -> None:
    network = read(
        [[2, 9, 8], [4, 4, 4], 5], convolution(padding=1, pooling=MAX), {"kind": "dense"}
    )
    first, second = network.couplings
    assert network.input == Layer("input", 144, (2, 9, 8))
    assert first.convolution == Convolution(3, 1, Pooling("max", 2))
    assert first.shape == (2, 3, 3, 4)
    assert (first.fan_in, first.weights) == (18, 72)
    assert (second.convolution, second.shape) == (None, (64, 5))
    assert network.synapses == 72 + 320
    assert [layer.biases for layer in network.free_layers] == [4, 5]


def test_maps_may_meet_dense_couplings_without_a_list() -> None:
    network = read([[1, 4, 4], 3, 2])
    assert network.convolutions == ()
    assert network == read([[1, 4, 4], 3, 2], DENSE, DENSE)
    assert network.couplings[0].shape == (16, 3)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(("kind", "size"), [("none", 1), ("average", 2), ("max", 3)])
def test_reach_is_what_a_loop_over_places_counts(padding: int, kind: str, size: int) -> None:
    how, pre = Convolution(3, padding, Pooling(kind, size)), (1, 7, 8)
    rows, columns = how.pooled(pre)
    wanted = np.zeros((3, 3), int)
    for row in range(rows * size):
        for column in range(columns * size):
            for r in range(3):
                for c in range(3):
                    inside = 0 <= row + r - padding < 7 and 0 <= column + c - padding < 8
                    wanted[r, c] += inside
    np.testing.assert_array_equal(how.reach(pre), wanted)


def test_synapses_are_taps() -> None:
    pre, post = Layer("a", 2 * 36, (2, 6, 6)), Layer("b", 3 * 4, (3, 2, 2))
    best = Coupling(pre, post, True, Convolution(3, 0, Pooling("max", 2)))
    mean = Coupling(pre, post, True, Convolution(3, 0, Pooling("average", 2)))
    assert best.synapses() == mean.synapses() == mean.synapses(backward=True) == 2 * 3 * 9 * 16
    assert best.synapses(backward=True) == 2 * 9 * 12


@pytest.mark.parametrize(
    ("layers", "couplings", "said"),
    [
        ([[1, 8, 8], [4, 3, 3], 5], (), r"net.yaml: layers: coupling 0 \(input-hidden\) is dense"),
        ([[1, 8, 8], [4, 3, 3], 5], (DENSE,), "a list of 2, one between two layers"),
        ([[1, 8, 8], [4, 3, 2], 5], (convolution(pooling=MAX), DENSE), r"write \[4, 3, 3\]"),
        ([64, [4, 3, 3], 5], (convolution(), DENSE), "got 64 for layer 'input'"),
        ([[1, 8, 8], 36, 5], (convolution(), DENSE), "got 36 for layer 'hidden'"),
        ([[1, 2, 2], [4, 1, 1], 5], (convolution(), DENSE), "leaves nothing of 2 rows"),
        ([[1, 3, 3], [4, 1, 1], 5], (convolution(pooling=MAX), DENSE), "leaves nothing of 3 rows"),
        ([[1, 8, 8], [4, 6, 6], [5, 4, 4]], (convolution(),) * 2, "output layer must be a number"),
        ([[1, 8, 8], [4, 6, 6], 5], (convolution(kernal=3), DENSE), r"couplings\[0\].kernal"),
        ([[1, 8, 8], [4, 6, 6], 5], (convolution(padding=3), DENSE), "at most 2, got 3"),
        ([[1, 8, 8], [4, 6, 6], 5], (convolution(pooling={"kind": "maks"}), DENSE), "did you mean 'max'"),
        ([[1, 8, 8], [4, 6, 6], 5], (convolution(pooling={"kind": "max", "size": 1}), DENSE), "at least 2"),
        ([[1, 8, 8], [4, 6, 6], 5], ({"kind": "convolutional"}, DENSE), "did you mean 'convolution'"),
        ([[1, 8], 4, 5], (), "whole numbers at least 1 and at most .*, or of lists of three"),
        ([[1, 8, 8.5], 4, 5], (), "lists of three"),
        ([[1, 0, 8], 4, 5], (), "at least 1"),
        ([True, 4, 5], (), "lists of three"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error(
    layers: object, couplings: tuple[object, ...], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        read(layers, *couplings)


@pytest.mark.parametrize(
    ("pooling", "said"), [("max", "has no indices for"), ("average", "is not offered for")]
)
def test_pooling_without_indices_is_refused(pooling: str, said: str) -> None:
    how = Convolution(3, 0, Pooling(pooling, 2))
    free = layered(((1, 8, 8), (4, 3, 3), 5), (how, None))
    refuse_convolutions(free, Feedback("separate"), VALUES)  # the input's coupling has no way down
    network = layered(((1, 12, 12), (4, 5, 5), (4, 1, 1), 5), (how, how, None))
    refuse_convolutions(network, Feedback(), VALUES)
    with pytest.raises(UnsupportedError, match=f"{said}.*'hidden1-hidden2'"):
        refuse_convolutions(network, Feedback("separate"), VALUES)
    with pytest.raises(UnsupportedError, match=f"messages.kind changes {said}.*'input-hidden1'"):
        refuse_convolutions(network, Feedback(), Messages("changes"))

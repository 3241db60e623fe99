"""Counts along the nodes of a NIR graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.counting import count_nir

nir = pytest.importorskip("nir")

MATRIX = np.array([[0.5, 0.0, 1.0], [0.0, 0.0, -2.0]])
IN = np.array([[[1, 0, 1], [1, 1, 1], [0, 0, 0]], [[0, 1, 0], [0, 0, 0], [1, 0, 0]]])
OUT = np.array([[[0, 1], [1, 1], [0, 0]], [[0, 0], [0, 0], [0, 1]]])


def neurons(size: int, kind: str = "LIF") -> Any:
    ones = np.ones(size)
    if kind == "LI":
        return nir.LI(tau=ones, r=ones, v_leak=0 * ones)
    return nir.LIF(tau=ones, r=ones, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones)


def graph(nodes: dict[str, Any], edges: list[tuple[str, str]], inputs: int = 3) -> Any:
    return nir.NIRGraph({"image": nir.Input(np.array([inputs])), **nodes}, edges)


def test_a_recurrent_graph() -> None:
    """Seven input spikes reach two neurons each; the way back goes through a delay."""
    found = count_nir(
        {"out": OUT, "image": IN},
        graph(
            {
                "w": nir.Affine(MATRIX, np.ones(2)),
                "out": neurons(2),
                "later": nir.Delay(np.ones(2)),
                "back": nir.Linear(np.array([[0.0, 1.0], [0.0, 1.0]])),
                "end": nir.Output(np.array([2])),
            },
            [
                ("image", "w"), ("w", "out"), ("out", "later"), ("later", "back"), ("back", "out"),
                ("out", "end"),
            ],
        ),
    ).phases["free"]  # fmt: skip
    assert list(found.layers.items()) == [("image", LayerCounts(7)), ("out", LayerCounts(4, 12))]
    assert found.couplings == {
        "image->out": CouplingCounts(14, 7),
        # one spike of the first neuron through zeros alone, three of the second
        "out->out": CouplingCounts(8, 6),
    }


def test_integrators_are_updated_and_send_nothing() -> None:
    """A read-out without spikes needs no array."""
    found = count_nir(
        {"image": IN},
        graph(
            {
                "w": nir.Linear(MATRIX),
                "sums": neurons(2, "LI"),
                "end": nir.Output(np.array([2])),
            },
            [("image", "w"), ("w", "sums"), ("sums", "end")],
        ),
    ).phases["free"]
    assert found.layers["sums"] == LayerCounts(0, 12)
    assert found.couplings == {"image->sums": CouplingCounts(14, 7)}


def delivered(
    spikes: NDArray[Any], weight: NDArray[Any], stride: int, padding: int, dilation: int, groups: int
) -> int:  # fmt: skip
    """Products of a convolution that are not zero, one by one."""
    _, rows, columns = spikes.shape
    outputs, of_group, height, width = weight.shape
    padded = np.pad(spikes, ((0, 0), (padding, padding), (padding, padding)))
    total = 0
    for top in range(0, rows + 2 * padding - dilation * (height - 1), stride):
        for left in range(0, columns + 2 * padding - dilation * (width - 1), stride):
            for output in range(outputs):
                first = output // (outputs // groups) * of_group
                for c, y, x in np.ndindex(of_group, height, width):
                    place = padded[first + c, top + y * dilation, left + x * dilation]
                    total += int(place != 0 and weight[output, c, y, x] != 0)
    return total


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 0, 1, 2)],
)
def test_a_convolution(stride: int, padding: int, dilation: int, groups: int) -> None:
    """Each spike passes as many weights as windows see it, fewer at the border."""
    generator = np.random.default_rng(stride)
    spikes = generator.integers(0, 2, (2, 3, 4, 7, 6))
    weight = generator.integers(-1, 2, (6, 4 // groups, 3, 2))
    node = nir.Conv2d((7, 6), weight, stride, padding, dilation, groups, np.zeros(6))
    size = int(np.prod(node.output_type["output"]))
    nodes = {
        "kernels": node,
        "flat": nir.Flatten({"input": node.output_type["output"]}, 0),
        "maps": neurons(size),
        "end": nir.Output(np.array([size])),
    }
    edges = [("image", "kernels"), ("kernels", "flat"), ("flat", "maps"), ("maps", "end")]
    image = {"image": nir.Input(np.array([4, 7, 6]))}
    # NIR's own check takes the channels of one group for all.
    whole = nir.NIRGraph({**image, **nodes}, edges, type_check=groups == 1)
    found = count_nir({"image": spikes, "maps": np.zeros((2, 3, size))}, whole).phases["free"]
    frames = spikes.reshape(-1, 4, 7, 6)
    geometry = (stride, padding, dilation, groups)
    stored = sum(delivered(frame, np.ones_like(weight), *geometry) for frame in frames)
    effective = sum(delivered(frame, weight, *geometry) for frame in frames)
    assert 0 < effective < stored
    assert found.couplings == {"image->maps": CouplingCounts(stored, effective)}


def test_what_is_not_known_is_refused() -> None:
    """No guess at how many synapses a spike passes; names are checked."""
    out, end = neurons(2), nir.Output(np.array([2]))
    linear, ends = nir.Linear(MATRIX), ("out", "end")
    plain = graph({"w": linear, "out": out, "end": end}, [("image", "w"), ("w", "out"), ends])
    with pytest.raises(ConfigError, match="spikes of node 'out' of the graph are needed"):
        count_nir({"image": IN}, plain)
    with pytest.raises(
        ConfigError, match="'w' is no input and no neurons of the graph: 'image', 'out'"
    ):
        count_nir({"image": IN, "out": OUT, "w": OUT}, plain)
    spikes = {"image": IN, "out": OUT}
    scaled = graph(
        {"w": linear, "gain": nir.Scale(np.ones(2)), "out": out, "end": end},
        [("image", "w"), ("w", "gain"), ("gain", "out"), ends],
    )
    with pytest.raises(UnsupportedError, match="node 'gain' of the graph is Scale"):
        count_nir(spikes, scaled)
    twice = graph(
        {"w": linear, "again": nir.Linear(np.eye(2)), "out": out, "end": end},
        [("image", "w"), ("w", "again"), ("again", "out"), ends],
    )
    with pytest.raises(
        UnsupportedError, match="nodes 'w' and 'again' of the graph have no neurons"
    ):
        count_nir(spikes, twice)
    bare = graph({"out": out, "end": end}, [("image", "out"), ends], inputs=2)
    with pytest.raises(
        UnsupportedError, match="'image' of the graph reaches 'out' without weights"
    ):
        count_nir({"image": OUT, "out": OUT}, bare)

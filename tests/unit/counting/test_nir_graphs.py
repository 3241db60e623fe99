"""Counts along the nodes of a NIR graph."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import ConfigError, DataError, UnsupportedError
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


def filed(whole: Any, type_check: bool = True) -> Any:
    """The graph as a file gives it back."""
    file = io.BytesIO()
    nir.write(file, whole)
    file.seek(0)
    return nir.read(file, type_check=type_check)


def graph(nodes: dict[str, Any], edges: list[tuple[str, str]], inputs: int = 3) -> Any:
    return filed(nir.NIRGraph({"image": nir.Input(np.array([inputs])), **nodes}, edges))


def unchecked(nodes: dict[str, Any], edges: list[tuple[str, str]]) -> Any:
    return filed(nir.NIRGraph(nodes, edges, type_check=False), type_check=False)


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


def test_neurons_driven_by_a_bias_alone_need_no_input() -> None:
    """`nir` adds an input node before them; without its type check there is none.

    A of 6 neurons sends 54 spikes in 2 samples of 15 steps, each through 10 synapses; 16 neurons are 480 updates.
    """
    generator = np.random.default_rng(0)
    spikes = {"A": np.zeros((2, 15, 6)), "B": generator.integers(0, 2, (2, 15, 10))}
    spikes["A"].ravel()[generator.permutation(180)[:54]] = 1
    nodes = {"A": neurons(6), "w": nir.Linear(np.ones((10, 6))), "B": neurons(10)}
    edges = [("A", "w"), ("w", "B")]
    checked = filed(nir.NIRGraph(dict(nodes), list(edges)))
    assert "input_A" in checked.nodes
    for whole in (checked, unchecked(nodes, edges)):
        found = count_nir(spikes, whole).phases["free"]
        assert list(found.layers) == ["A", "B"]
        assert found.couplings == {"A->B": CouplingCounts(540, 540)}
        assert sum(layer.neuron_updates for layer in found.layers.values()) == 480
    silent = {**spikes, "input_A": np.zeros((2, 15, 6))}
    assert count_nir(silent, checked).phases["free"].couplings == found.couplings


def test_weights_before_an_output_are_counted() -> None:
    """A read-out without neurons: its operations happen, and nothing is updated."""
    whole = graph({"w": nir.Linear(MATRIX), "sums": nir.Output(np.array([2]))},
                  [("image", "w"), ("w", "sums")])  # fmt: skip
    found = count_nir({"image": IN}, whole).phases["free"]
    assert found.layers == {"image": LayerCounts(7), "sums": LayerCounts(0, 0)}
    assert found.couplings == {"image->sums": CouplingCounts(14, 7)}
    nodes = {
        "image": nir.Input(np.array([3])),
        "w": nir.Linear(MATRIX),
        "sums": nir.Output(np.array([5])),
    }
    wrong = unchecked(nodes, [("image", "w"), ("w", "sums")])
    with pytest.raises(DataError, match="must end at the 5 neurons of 'sums', got synapses of 2"):
        count_nir({"image": IN}, wrong)


def test_parameters_may_be_shared_by_all_neurons() -> None:
    """As snnTorch writes them: the array says how many neurons there are, and the weights must agree."""
    nodes = {
        "image": nir.Input(np.array([3])), "w": nir.Linear(MATRIX), "out": neurons(1),
        "end": nir.Output(np.array([2])),
    }  # fmt: skip
    whole = unchecked(nodes, [("image", "w"), ("w", "out"), ("out", "end")])
    found = count_nir({"image": IN, "out": OUT}, whole).phases["free"]
    assert found.layers["out"] == LayerCounts(4, 12)
    with pytest.raises(DataError, match="must end at the 5 neurons of 'out', got synapses of 2"):
        count_nir({"image": IN, "out": np.zeros((2, 3, 5))}, whole)
    alone = unchecked({"A": neurons(1), "end": nir.Output(np.array([1]))}, [("A", "end")])
    with pytest.raises(DataError, match=r"of node 'A' .+ the shape \(1,\), got \(9,\)"):
        count_nir({"A": np.zeros((1, 2, 9))}, alone)


def test_arrays_must_have_the_neurons_of_their_node() -> None:
    """Their number, and the order of their axes."""
    end = nir.Output(np.array([4]))
    whole = graph(
        {"w": nir.Linear(np.ones((4, 3))), "out": neurons(4), "end": end},
        [("image", "w"), ("w", "out"), ("out", "end")],
    )
    with pytest.raises(DataError, match=r"'out' of the graph .+ shape \(4,\), got \(9,\)"):
        count_nir({"image": IN, "out": np.ones((2, 3, 9))}, whole)
    with pytest.raises(DataError, match=r"'image' of the graph .+ shape \(3,\), got \(2,\)"):
        count_nir({"image": OUT, "out": np.ones((2, 3, 4))}, whole)
    maps = nir.IF(*(np.ones((2, 5, 7)) for _ in range(3)))
    lone = filed(nir.NIRGraph({"maps": maps}, []))
    with pytest.raises(DataError, match=r"shape \(2, 5, 7\), got \(5, 7, 2\)"):
        count_nir({"maps": np.zeros((1, 1, 5, 7, 2))}, lone)


def test_time_first() -> None:
    """The habit of most simulators in PyTorch."""
    whole = graph({"w": nir.Linear(MATRIX), "sums": neurons(2, "LI"), "end": nir.Output(np.array([2]))},
                  [("image", "w"), ("w", "sums"), ("sums", "end")])  # fmt: skip
    turned = {"image": IN.transpose(1, 0, 2)}
    found = count_nir(turned, whole, axes=("steps", "samples", "neurons"), steps=3)
    assert found == count_nir({"image": IN}, whole)
    with pytest.raises(DataError, match=r"got 2 steps of 3 samples.+'steps', 'samples'"):
        count_nir(turned, whole, steps=3)


def test_broken_graphs_are_refused() -> None:
    """Whatever a file may hold that was read without the type check."""
    image, out = nir.Input(np.array([3])), neurons(2)
    spikes = {"image": IN, "out": OUT}
    nodes = {"image": image, "w": nir.Linear(MATRIX), "out": out}
    edges = [("image", "w"), ("w", "out")]
    cases: list[tuple[dict[str, Any], list[tuple[str, str]], str]] = [
        (nodes, [*edges, edges[0]], "edge 'image' -> 'w' of the graph is given twice"),
        (nodes, [*edges, ("out", "none")], "ends at a node 'none' that is not there"),
        (nodes, [("w", "out")], "no input and no neurons of the graph lead to node 'w'"),
        (
            {**nodes, "a": nir.Delay(np.ones(2)), "b": nir.Delay(np.ones(2))},
            [*edges, ("out", "a"), ("a", "b"), ("b", "a")],
            "nodes 'a', 'b' of the graph are a circle without neurons",
        ),
        (
            {**nodes, "sums": neurons(2, "LI"), "again": nir.Linear(np.eye(2))},
            [*edges, ("out", "again"), ("sums", "again"), ("again", "out")],
            "node 'sums' of the graph is LI, which has no spikes",
        ),
        ({**nodes, "gain": nir.Scale(np.ones(2))}, edges, "node 'gain' of the graph is Scale"),
    ]  # fmt: skip
    for parts, ways, message in cases:
        broken = nir.NIRGraph(parts, ways, type_check=False)
        with pytest.raises(UnsupportedError, match=message):
            count_nir(spikes, broken)
    with pytest.raises(ConfigError, match=r"graph must be a NIRGraph.+ got str"):
        count_nir(spikes, "network.nir")


def test_names_of_a_population_are_checked() -> None:
    """Graphs of the form `population` know their layers, too."""
    from eqspike.deploy.nir import nir_graph
    from eqspike.experiment import load_model
    from eqspike.systems.weights import initial_weights

    system = load_model("eqspike-digits-loihi").system
    whole = filed(nir_graph(system, initial_weights(system, 1), form="population"))
    spikes = {layer.name: np.zeros((1, 2, layer.size)) for layer in system.network.layers}
    assert count_nir(spikes, whole).samples == 1
    with pytest.raises(ConfigError, match="spikes of 'hiden' are of no layer"):
        count_nir({**spikes, "hiden": spikes["hidden"]}, whole)
    with pytest.raises(ConfigError, match="spikes of 'hidden' are missing"):
        count_nir({n: s for n, s in spikes.items() if n != "hidden"}, whole)


def test_reading_another_graph_says_what_is_missing(tmp_path: Path) -> None:
    """Two layers of CubaLIF are two layers; they are not connected as eqspike writes it."""
    from eqspike.deploy.nir import read_nir

    ones = np.ones(2)
    cuba = [
        nir.CubaLIF(
            tau_syn=ones, tau_mem=ones, r=ones, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones
        )
        for _ in range(2)
    ]
    nodes = {
        "input": nir.Input(np.array([3])), "w": nir.Linear(MATRIX), "a": cuba[0],
        "v": nir.Linear(np.eye(2)), "b": cuba[1], "end": nir.Output(np.array([2])),
    }  # fmt: skip
    edges = [("input", "w"), ("w", "a"), ("a", "v"), ("v", "b"), ("b", "end")]
    path = tmp_path / "two.nir"
    nir.write(path, nir.NIRGraph(nodes, edges))
    with pytest.raises(
        DataError, match=r"node 'a' .+ through a node 'input_to_a', got no such node"
    ):
        read_nir(path)

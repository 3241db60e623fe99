"""The mapping to NIR, what it refuses, and files that are not ours."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eqspike.cli import main
from eqspike.core.errors import ConfigError, DataError, MissingPackageError, UnsupportedError
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased, SigmaDelta
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.testing import small_system

nir = pytest.importorskip("nir")
from eqspike.deploy.nir import nir_graph, read_nir, with_bias_channels, write_nir  # noqa: E402

NEURON = CurrentBased(current_decay=0.25, voltage_decay=0.125, threshold=2.0)
WEIGHTS = {
    "input-hidden": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    "hidden-output": np.array([[0.5], [-0.25]]),
    "hidden.bias": np.array([0.5, -1.0]),
    "output.bias": np.array([2.0]),
}


@pytest.fixture
def system() -> System:
    """Three inputs, two hidden neurons and an output, with weights one can follow by hand."""
    return replace(small_system(neuron=NEURON), network=layered((3, 2, 1)))


@pytest.mark.parametrize("form", ["population", "layers"])
def test_constants_of_the_neuron(system: System, form: str) -> None:
    """tau_syn = dt / 0.25, tau_mem = dt / 0.125, w_in = 4, r = 8, at a step of 2 ms."""
    graph = nir_graph(system, WEIGHTS, form=form, step_seconds=2e-3)
    nodes = [node for node in graph.nodes.values() if isinstance(node, nir.CubaLIF)]
    assert sum(node.r.size for node in nodes) == 3
    for node in nodes:
        np.testing.assert_array_equal(node.tau_syn, 8e-3)
        np.testing.assert_array_equal(node.tau_mem, 16e-3)
        np.testing.assert_array_equal(node.w_in, 4)
        np.testing.assert_array_equal(node.r, 8)
        np.testing.assert_array_equal(node.v_threshold, 2)
        np.testing.assert_array_equal(node.v_reset, 0)


def test_matrices_of_a_population(system: System) -> None:
    """Each coupling stands in the rows of its target; the bias is split over two channels."""
    nodes = nir_graph(system, WEIGHTS).nodes
    expected = {
        "input_to_neurons": [
            [1, 3, 5, 0.125, 0.375],
            [2, 4, 6, -0.25, -0.75],
            [0, 0, 0, 0.5, 1.5],
        ],
        "hidden": [[1, 0, 0], [0, 1, 0]],
        "output": [[0, 0, 1]],
        "hidden_to_output": [[0, 0], [0, 0], [0.5, -0.25]],
        "output_to_hidden": [[0.5], [-0.25], [0]],
    }
    for name, matrix in expected.items():
        np.testing.assert_array_equal(nodes[name].weight, matrix)
    np.testing.assert_array_equal(nodes["neurons"].v_leak, 0)
    assert set(nodes) == {*expected, "input", "neurons", "readout"}


def test_nodes_of_layers(system: System) -> None:
    """The bias is a leak potential, spikes are delayed by one step, and both directions share their weights."""
    graph = nir_graph(system, WEIGHTS, form="layers", step_seconds=2e-3)
    nodes = graph.nodes
    np.testing.assert_array_equal(nodes["hidden"].v_leak, [4, -8])
    np.testing.assert_array_equal(nodes["output"].v_leak, [16])
    np.testing.assert_array_equal(nodes["hidden_delay"].delay, [2e-3, 2e-3])
    np.testing.assert_array_equal(nodes["output_delay"].delay, [2e-3])
    np.testing.assert_array_equal(nodes["input_to_hidden"].weight, WEIGHTS["input-hidden"].T)
    np.testing.assert_array_equal(nodes["hidden_to_output"].weight, [[0.5, -0.25]])
    np.testing.assert_array_equal(nodes["output_to_hidden"].weight, [[0.5], [-0.25]])
    assert {edge for edge in graph.edges if "hidden" in edge} == {
        ("input_to_hidden", "hidden"),
        ("output_to_hidden", "hidden"),
        ("hidden", "hidden_delay"),
    }


def test_weights_are_those_that_act(system: System) -> None:
    """Stored weights are rounded to the grid of the model's precision."""
    weights = {**WEIGHTS, "hidden-output": np.array([[0.1], [1 / 3]])}
    for precision, steps in (("float32", 2.0**18), ("float64", 2.0**32)):
        graph = nir_graph(replace(system, precision=precision), weights, form="layers")
        matrix = graph.nodes["output_to_hidden"].weight
        assert matrix.dtype == np.float64
        np.testing.assert_array_equal(matrix, np.rint(weights["hidden-output"] * steps) / steps)


def test_metadata_name_what_no_node_holds(system: System, tmp_path: Path) -> None:
    """Rule with coefficients, phases, beta, encoder, step, read-out, units and origin survive the file."""
    path = tmp_path / "network.nir"
    path.write_bytes(write_nir(nir_graph(system, WEIGHTS, origin={"task": "by hand"})))
    found = read_nir(path)
    metadata = found.metadata
    assert found.network == system.network
    assert metadata["learning"]["rule"] == system.rule.local_rule.as_text()
    assert metadata["learning"]["coefficients"]["pre_spike*post_slow"] == -0.2
    assert metadata["learning"]["traces"]["fast"] == 3
    assert metadata["learning"]["learning_rates"] == {"input-hidden": 0.5, "hidden-output": 0.25}
    assert metadata["phases"] == {"free": 17, "nudged": 11}
    assert metadata["nudge"]["beta"] == 0.3
    assert metadata["nudge"]["beta_sign"] == "random"
    assert metadata["encoder"]["kind"] == "integrate-and-fire"
    assert metadata["encoder"]["max_rate"] == 0.9
    assert metadata["readout"]["steps"] == 9
    assert metadata["time_step_s"] == 1e-3
    assert set(metadata["units"]) == {"time", "potential", "input"}
    assert metadata["origin"]["task"] == "by hand"


def test_equal_networks_give_equal_bytes(system: System) -> None:
    """A file has no time stamp."""
    assert write_nir(nir_graph(system, WEIGHTS)) == write_nir(nir_graph(system, WEIGHTS))


def test_bias_channels() -> None:
    """`clock` spikes in every step, `start` in the first of each sample."""
    sent = with_bias_channels(np.zeros((2, 3, 1)))
    np.testing.assert_array_equal(sent, [[[0, 1, 1], [0, 1, 0], [0, 1, 0]]] * 2)


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (SigmaDelta(), "no node for the sigma-delta neuron.*'current-based'"),
        (CurrentBased(current_decay=0.0), "current_decay must be above 0, got 0"),
        (CurrentBased(voltage_decay=0.0), "voltage_decay must be above 0, got 0"),
    ],
)
def test_what_nir_cannot_express_is_refused(
    system: System, neuron: SigmaDelta | CurrentBased, message: str
) -> None:
    """Nothing is written that would behave differently."""
    with pytest.raises(UnsupportedError, match=message):
        nir_graph(replace(system, neuron=neuron), WEIGHTS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "layer"}, "one of population, layers, got 'layer'"),
        ({"step_seconds": 0.0}, "seconds above 0, got 0"),
        ({"step_seconds": float("nan")}, "seconds above 0, got nan"),
    ],
)
def test_wrong_options(system: System, options: dict[str, object], message: str) -> None:
    """The message names rule and value."""
    with pytest.raises(ConfigError, match=message):
        nir_graph(system, WEIGHTS, **options)


def test_no_file_and_no_hdf5(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(DataError, match=r"none\.nir: cannot be read as a NIR file"):
        read_nir(tmp_path / "none.nir")
    (tmp_path / "text.nir").write_text("no HDF5")
    with pytest.raises(DataError, match=r"text\.nir: cannot be read as a NIR file"):
        read_nir(tmp_path / "text.nir")


@pytest.mark.parametrize("form", ["population", "layers"])
@pytest.mark.parametrize(
    ("node", "replacement", "message"),
    [
        ("output_to_hidden", None, "'output_to_hidden' .* must be Linear, got Scale"),
        ("hidden_to_output", 2.0, "'hidden-output' .* equal weights in both directions"),
    ],
)
def test_graphs_that_are_not_ours(
    system: System, tmp_path: Path, form: str, node: str, replacement: float | None, message: str
) -> None:
    """Couplings must be there in both directions and be symmetric."""
    graph = nir_graph(system, WEIGHTS, form=form)
    if replacement is None:
        graph.nodes[node] = nir.Scale(np.ones(1))
    else:
        graph.nodes[node] = nir.Linear(graph.nodes[node].weight * replacement)
    path = tmp_path / "network.nir"
    nir.write(path, graph)
    with pytest.raises(DataError, match=message):
        # The library's own check of shapes would refuse the first one with an error of its own.
        read_nir(path) if replacement else _read_unchecked(path)


def _read_unchecked(path: Path) -> None:
    from eqspike.deploy.nir_reading import form_of, read_layers, read_population

    graph = nir.read(path, type_check=False)
    {"population": read_population, "layers": read_layers}[form_of(graph)](graph)


def test_neurons_must_be_equal(system: System, tmp_path: Path) -> None:
    """A graph whose thresholds differ is not one of our networks."""
    for form, node in (("population", "neurons"), ("layers", "hidden")):
        graph = nir_graph(system, WEIGHTS, form=form)
        graph.nodes[node].v_threshold[0] = 1.5
        (tmp_path / form).write_bytes(write_nir(graph))
        with pytest.raises(DataError, match="must be equal, but theirs differ"):
            read_nir(tmp_path / form)


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "nir", None)
    monkeypatch.delitem(sys.modules, "eqspike.deploy.nir")
    with pytest.raises(MissingPackageError, match=r"-e '\.\[nir\]'"):
        importlib.import_module("eqspike.deploy.nir")


def test_initial_weights_fit(system: System) -> None:
    """A system that was never trained can be written too."""
    graph = nir_graph(system, initial_weights(system, 3))
    assert graph.nodes["input_to_neurons"].weight.shape == (3, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "nir", "--sample", "1"], "--sample must go with --format brian2"),
        (["--form", "layers"], "--form must go with --format nir, got --format brian2"),
        (["--format", "nir", "--step-ms", "2"], "is not a run folder"),
    ],
)
def test_wrong_use_ends_with_2(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what to do."""
    assert main(["export", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err

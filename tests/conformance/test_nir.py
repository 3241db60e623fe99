"""NIR graphs spike as the fast engine does: by NIR's own equations, in Norse and in snnTorch."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike import export_nir
from eqspike.cli import main
from eqspike.engines.fast import FastSession
from eqspike.experiment import load_configuration
from eqspike.systems import System
from eqspike.systems.weights import initial_weights
from eqspike.tasks import load_task
from eqspike.testing import NEURONS, SIZES, samples, small_system
from eqspike.training import RunFolder

nir = pytest.importorskip("nir")
from eqspike.deploy.nir import nir_graph, read_nir, with_bias_channels, write_nir  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
STEP_MS = {"norse": 1.0, "snntorch": 0.1}
Spikes = NDArray[Any]
Importer = Callable[..., Spikes]


class Stepper:
    """Euler steps of a NIR graph in NumPy: each neuron node advances once, after the nodes it listens to.

    A neuron node met again while its own input is gathered, and any `Delay`, gives what it had in the last step.
    Arrays are (samples, neurons).
    """

    def __init__(self, graph: Any, step_seconds: float) -> None:
        self.graph, self.step_seconds = graph, step_seconds
        self.state: dict[str, tuple[Spikes, Spikes]] = {}
        self.last: dict[str, Spikes] = {}
        self.now: dict[str, Spikes] = {}

    def run(self, sent: Spikes, names: tuple[str, ...]) -> Spikes:
        """Spikes (samples, steps, neurons) of the named nodes for an input (samples, steps, inputs)."""
        nodes, spikes = self.graph.nodes, []
        for name, node in nodes.items():
            if isinstance(node, (nir.CubaLIF, nir.Delay)):
                zeros = np.zeros((len(sent), int(node.output_type["output"][0])))
                self.last[name] = zeros
                self.state[name] = (zeros, zeros)
        for step in sent.swapaxes(0, 1):
            self.now = {"input": step}
            for name in nodes:
                if isinstance(nodes[name], nir.CubaLIF):
                    self._value(name, ())
            for name, node in nodes.items():
                if isinstance(node, nir.Delay):
                    assert np.allclose(node.delay, self.step_seconds)
                    self.last[name] = self._gathered(name, ())
                elif isinstance(node, nir.CubaLIF):
                    self.last[name] = self.now[name]
            spikes.append(np.concatenate([self.now[name] for name in names], axis=1))
        return np.stack(spikes, axis=1)

    def _gathered(self, name: str, waiting: tuple[str, ...]) -> Spikes:
        sources = [pre for pre, post in self.graph.edges if post == name]
        return np.asarray(sum(self._value(source, waiting) for source in sources))

    def _value(self, name: str, waiting: tuple[str, ...]) -> Spikes:
        node = self.graph.nodes[name]
        if isinstance(node, nir.Delay) or name in waiting:
            return self.last[name]
        if name not in self.now:
            arriving = self._gathered(name, (*waiting, name))
            if isinstance(node, nir.Linear):
                self.now[name] = arriving @ node.weight.T
            elif isinstance(node, nir.CubaLIF):
                self.now[name] = self._fire(name, node, arriving)
            else:
                self.now[name] = arriving
        return self.now[name]

    def _fire(self, name: str, node: Any, arriving: Spikes) -> Spikes:
        current, potential = self.state[name]
        current = current + self.step_seconds / node.tau_syn * (node.w_in * arriving - current)
        target = node.v_leak + node.r * current
        potential = potential + self.step_seconds / node.tau_mem * (target - potential)
        spikes = potential > node.v_threshold
        self.state[name] = (current, np.where(spikes, node.v_reset, potential))
        return spikes.astype(float)


@pytest.fixture(scope="module")
def importers() -> dict[str, Importer]:
    """How to run a graph in Norse and in snnTorch, as the benchmark does."""
    for package in STEP_MS:
        pytest.importorskip(package)
    found: dict[str, Importer] = runpy.run_path(str(ROOT / "benchmarks/nir_importers.py"))[
        "IMPORTERS"
    ]
    return found


def lively(system: System, seed: int = 1) -> dict[str, NDArray[np.float64]]:
    """Weights with biases of both signs."""
    weights = initial_weights(system, seed)
    generator = np.random.default_rng(seed)
    for name, array in weights.items():
        if name.endswith("bias"):
            weights[name] = generator.uniform(-0.1, 0.3, array.shape)
    return weights


def presented(
    system: System, weights: dict[str, NDArray[np.float64]], count: int = 10
) -> tuple[Spikes, Spikes]:
    """Input and spikes (all free layers) of the free phase: (samples, steps, neurons) each."""
    images, labels, keys = samples(system, count)
    steps = system.rule.free_steps
    with FastSession(system) as session:
        session.load(weights)
        spikes, _ = session.trace(images, labels, keys)
    layers = [spikes[layer.name][:, :steps] for layer in system.network.free_layers]
    sent = [
        system.encoder.encode(image, steps, int(key))
        for image, key in zip(images, keys, strict=True)
    ]
    return np.stack(sent), np.concatenate(layers, axis=2)


def through_file(graph: Any, folder: Path) -> Any:
    """A graph as another program reads it; the order of its nodes is then another."""
    (folder / "network.nir").write_bytes(write_nir(graph))
    return nir.read(folder / "network.nir")


@pytest.mark.parametrize("encoder", ["integrate-and-fire", "poisson", "constant-current"])
@pytest.mark.parametrize("sizes", SIZES)
def test_by_the_equations(sizes: tuple[int, ...], encoder: str, tmp_path: Path) -> None:
    """Both forms, in Euler steps, give every spike of the fast engine."""
    system = small_system(sizes, NEURONS[1], encoder)
    weights = lively(system)
    sent, expected = presented(system, weights)
    assert 0.05 < expected.mean() < 0.95
    names = tuple(layer.name for layer in system.network.free_layers)
    for form, heard, channels in (
        ("population", ("neurons",), with_bias_channels(sent)),
        ("layers", names, sent),
    ):
        graph = through_file(nir_graph(system, weights, form=form), tmp_path)
        np.testing.assert_array_equal(Stepper(graph, 1e-3).run(channels, heard), expected)


@pytest.mark.parametrize("importer", ["norse", "snntorch"])
@pytest.mark.parametrize(("sizes", "precision"), [(SIZES[0], "float32"), (SIZES[1], "float64")])
def test_importers_run_a_population(
    sizes: tuple[int, ...], precision: str, importer: str, importers: dict[str, Importer],
    tmp_path: Path,
) -> None:  # fmt: skip
    """Every spike of every free neuron; these importers compute in float32."""
    system = small_system(sizes, NEURONS[1], precision=precision)
    weights = lively(system)
    sent, expected = presented(system, weights)
    graph = nir_graph(system, weights, step_seconds=STEP_MS[importer] / 1000)
    found = importers[importer](through_file(graph, tmp_path), with_bias_channels(sent))
    np.testing.assert_array_equal(found, expected)


def test_importers_refuse_layers(importers: dict[str, Importer]) -> None:
    """Neither has a delay, and snnTorch has no leak potential; both fail rather than differ."""
    system = small_system(neuron=NEURONS[1])
    sent, _ = presented(system, lively(system), 1)
    for importer, error in (("norse", KeyError), ("snntorch", AssertionError)):
        graph = nir_graph(
            system, lively(system), form="layers", step_seconds=STEP_MS[importer] / 1000
        )
        with pytest.raises(error):
            importers[importer](graph, sent)
    unbiased = {n: a * (not n.endswith("bias")) for n, a in lively(system).items()}
    graph = nir_graph(system, unbiased, form="layers", step_seconds=1e-4)
    with pytest.raises(ValueError, match="Delay"):
        importers["snntorch"](graph, sent)


def test_snntorch_has_one_time_step(importers: dict[str, Importer]) -> None:
    """Its importer takes 0.1 ms for granted and refuses other steps."""
    system = small_system(neuron=NEURONS[1])
    sent, _ = presented(system, lively(system), 1)
    with pytest.raises(AssertionError, match="r not supported"):
        importers["snntorch"](nir_graph(system, lively(system)), with_bias_channels(sent))


def without_delays(graph: Any, backward: bool) -> Any:
    """A graph of layers whose spikes cross within the step; without its backward couplings if asked for."""
    nodes = {name: node for name, node in graph.nodes.items() if not isinstance(node, nir.Delay)}
    edges = [
        (pre.removesuffix("_delay"), post) for pre, post in graph.edges if "_delay" not in post
    ]
    if not backward:
        del nodes["output_to_hidden"]
        edges = [edge for edge in edges if "output_to_hidden" not in edge]
    return nir.NIRGraph(nodes, edges)


@pytest.mark.parametrize("importer", ["norse", "snntorch"])
def test_layers_without_delays(importer: str, importers: dict[str, Importer]) -> None:
    """Feed-forward they are exact, one step early per layer; with the way back they are another network.

    In these importers only one of the two couplings of a cycle waits for the next step.
    """
    system = small_system(neuron=NEURONS[1])
    weights = {n: a * (not n.endswith("bias")) for n, a in lively(system).items()}
    weights["hidden-output"] = abs(weights["hidden-output"])
    step = STEP_MS[importer] / 1000
    sent, expected = presented(system, weights)
    delayed = nir_graph(system, weights, form="layers", step_seconds=step)
    cycle = without_delays(delayed, backward=True)
    hidden = system.network.free_layers[0].size
    assert (importers[importer](cycle, sent, "hidden") != expected[:, :, :hidden]).any()

    one_way = without_delays(delayed, backward=False)
    delayed.edges = [edge for edge in delayed.edges if "output_to_hidden" not in edge]
    del delayed.nodes["output_to_hidden"]
    spikes = Stepper(delayed, step).run(sent, ("output",))
    assert spikes.any()
    found = importers[importer](one_way, sent, "output")
    np.testing.assert_array_equal(found[:, :-1], spikes[:, 1:])


def test_a_matrix_from_neurons_to_themselves(importers: dict[str, Importer]) -> None:
    """Why a layer's spikes are picked out first: snnTorch leads the input through a shorter cycle's matrix."""
    system = small_system(neuron=NEURONS[1])
    sent, expected = presented(system, lively(system))
    for importer, equal in (("norse", True), ("snntorch", False)):
        graph = nir_graph(system, lively(system), step_seconds=STEP_MS[importer] / 1000)
        matrix = {name: node.weight for name, node in graph.nodes.items() if "_to_" in name}
        shorter = matrix["hidden_to_output"] @ graph.nodes["hidden"].weight
        shorter += matrix["output_to_hidden"] @ graph.nodes["output"].weight
        names = ("input", "input_to_neurons", "neurons", "output", "readout")
        nodes = {name: graph.nodes[name] for name in names} | {"again": nir.Linear(shorter)}
        edges = [(pre, post) for pre, post in graph.edges if pre in nodes and post in nodes]
        edges += [("neurons", "again"), ("again", "neurons")]
        found = importers[importer](nir.NIRGraph(nodes, edges), with_bias_channels(sent), "output")
        outputs = system.network.output.size
        assert np.array_equal(found, expected[:, :, -outputs:]) is equal


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run on current-based neurons."""
    out = tmp_path_factory.mktemp("nir") / "run"
    command = ["train", "eqspike-digits-loihi", "digits", "--epochs", "1", "--limit", "300"]
    assert main([*command, "--out", str(out)]) == 0
    return out


def test_the_command(
    run: Path, importers: dict[str, Importer], capsys: pytest.CaptureFixture[str]
) -> None:
    """`eqspike export` writes one file that Norse runs like the fast engine, on real digits."""
    capsys.readouterr()
    assert main(["export", str(run), "--format", "nir", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    path = run / "nir" / "network.nir"
    assert printed == {"format": "nir", "files": [str(path)]}
    configuration = load_configuration(run / "config.yaml")
    system, found = configuration.model.system, read_nir(path)
    assert (found.network, found.neuron) == (system.network, system.neuron)
    assert found.metadata["origin"]["configuration"] == (run / "config.yaml").read_text()
    images = load_task("digits").load("test").images[:3]
    steps = system.rule.free_steps
    with FastSession(system) as session:
        session.load(RunFolder.open(run).weights())
        labels, keys = np.zeros(3, np.int64), np.zeros(3, np.uint64)
        spikes, _ = session.trace(images, labels, keys)
    expected = np.concatenate([spikes["hidden"], spikes["output"]], axis=2)[:, :steps]
    sent = np.stack([system.encoder.encode(image, steps, 0) for image in images])
    np.testing.assert_array_equal(
        importers["norse"](nir.read(path), with_bias_channels(sent)), expected
    )


def test_in_python(run: Path, tmp_path: Path) -> None:
    """The same file by function, in another form, step and folder."""
    path = export_nir(run, out=tmp_path, form="layers", step_ms=0.5)
    found = read_nir(path)
    assert (path.parent, found.form, found.step_seconds) == (tmp_path, "layers", 5e-4)

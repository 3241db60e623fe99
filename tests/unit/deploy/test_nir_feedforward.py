"""Networks of other tools: NIR's neurons become the chip's, and what the chip is not is refused by name."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.cli import main
from eqspike.core.errors import ConfigError, DataError, UnsupportedError
from eqspike.deploy.feedforward import fit_to_loihi, float_rasters
from eqspike.deploy.nir_feedforward import read_feedforward
from eqspike.experiment import load_model, open_session

STEP = 1e-3


def cuba(size: int = 2, **changes: Any) -> nir.CubaLIF:
    given = {
        "tau_syn": 4e-3, "tau_mem": 10e-3, "r": 2.0, "v_leak": 0.5, "v_threshold": 2.0, "w_in": 3.0,
        "v_reset": 0.0,
    } | changes  # fmt: skip
    return nir.CubaLIF(**{name: np.broadcast_to(value, (size,)) for name, value in given.items()})


def lif(size: int = 2, **changes: Any) -> nir.LIF:
    given = {"tau": 5e-3, "r": 2.0, "v_leak": 0.5, "v_threshold": 2.0, "v_reset": 0.0} | changes
    return nir.LIF(**{name: np.broadcast_to(value, (size,)) for name, value in given.items()})


def written(tmp_path: Path, **nodes: Any) -> Path:
    """A file of a chain of nodes, in their order."""
    inputs = next(iter(nodes.values())).weight.shape[1]
    chain = {"in": nir.Input({"input": np.array([inputs])}), **nodes}
    size = int(np.size(list(nodes.values())[-1].v_threshold))
    chain["out"] = nir.Output({"output": np.array([size])})
    names = list(chain)
    path = tmp_path / "network.nir"
    nir.write(path, nir.NIRGraph(chain, list(pairwise(names))))
    return path


W = np.array([[1.0, -2.0, 4.0], [0.5, 0.25, 8.0]])


def test_a_current_based_neuron(tmp_path: Path) -> None:
    """d_u = 1/4, d_v = 1/10; a weight gains d_v r w_in d_u = 0.15, v_leak d_v; all over the threshold of 2."""
    (layer,) = read_feedforward(written(tmp_path, w=nir.Linear(W), n=cuba()), STEP).layers
    assert (layer.neuron.current_decay, layer.neuron.voltage_decay) == pytest.approx((0.25, 0.1))
    assert layer.weights == pytest.approx(W.T * 0.15 / 2)
    assert layer.bias == pytest.approx(0.05 / 2)


def test_a_neuron_without_synaptic_current_takes_the_bias_of_its_weights(tmp_path: Path) -> None:
    """d_v = 1/5; weights and bias gain d_v r = 0.4."""
    path = written(tmp_path, w=nir.Affine(W, np.array([1.0, 2.0])), n=lif())
    (layer,) = read_feedforward(path, STEP).layers
    assert (layer.neuron.current_decay, layer.neuron.voltage_decay) == (1, pytest.approx(0.2))
    assert layer.weights == pytest.approx(W.T * 0.4 / 2)
    assert layer.bias == pytest.approx((np.array([0.4, 0.8]) + 0.1) / 2)


def test_an_integrator_that_fires_keeps_everything(tmp_path: Path) -> None:
    neurons = nir.IF(r=np.array([2.0, 3.0]), v_threshold=np.array([1.0, 2.0]), v_reset=np.zeros(2))
    (layer,) = read_feedforward(written(tmp_path, w=nir.Linear(W), n=neurons), STEP).layers
    assert layer.neuron.voltage_decay == 0
    assert layer.weights == pytest.approx(W.T * np.array([2.0, 1.5]))


def test_names_are_those_of_the_field(tmp_path: Path) -> None:
    path = written(
        tmp_path, a=nir.Linear(W), b=lif(), c=nir.Linear(np.eye(2)), d=lif(), e=nir.Linear(np.eye(2)), f=lif()
    )  # fmt: skip
    found = read_feedforward(path, STEP)
    assert [each.layer.name for each in found.layers] == ["hidden1", "hidden2", "output"]
    assert [each.node for each in found.layers] == ["b", "d", "f"]
    assert not any(coupling.bidirectional for coupling in found.network.couplings)


def test_a_network_without_a_way_back_is_not_trained() -> None:
    system = load_model("eqspike-digits").system
    one_way = replace(system, network=replace(system.network, one_way=True))
    with pytest.raises(UnsupportedError, match="it can be deployed, not trained"):
        open_session(one_way, 0, "fast")


REFUSED = {
    "recurrence": ({"w": nir.Linear(W), "n": lif()}, [("n", "n")], "sends to 2 nodes"),
    "reset": ({"w": nir.Linear(W), "n": lif(v_reset=0.5)}, [], "node 'n' resets to"),
    "decays": ({"w": nir.Linear(W), "n": lif(tau=[5e-3, 6e-3])}, [], "share one"),
    "bias": ({"w": nir.Affine(W, np.ones(2)), "n": cuba()}, [], "would build up in that current"),
    "order": ({"w": nir.Linear(W), "v": nir.Linear(np.eye(2)), "n": lif()}, [], "node 'v' must be IF"),
    "kind": ({"w": nir.Linear(W), "n": nir.LI(*np.ones((3, 2)))}, [], "must be IF or LIF or CubaLIF"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_chip_is_not_is_refused(case: str, tmp_path: Path) -> None:
    nodes, edges, message = REFUSED[case]
    chain = {"in": nir.Input({"input": np.array([3])}), **nodes}
    chain["out"] = nir.Output({"output": np.array([2])})
    names = list(chain)
    path = tmp_path / "network.nir"
    edges = [*pairwise(names), *edges]
    nir.write(path, nir.NIRGraph(chain, edges, type_check=False))
    with pytest.raises(UnsupportedError, match=f"network.nir: .*{message}"):
        read_feedforward(path, STEP)


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [(0.0, ConfigError, "above 0"), (float("nan"), ConfigError, "above 0"), (6e-3, DataError, "shorter")],
)  # fmt: skip
def test_an_impossible_step_is_refused(
    step: float, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        read_feedforward(written(tmp_path, w=nir.Linear(W), n=lif()), step)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nir").write_bytes(b"text")
    with pytest.raises(DataError, match=r"a\.nir: cannot be read as a NIR file"):
        read_feedforward(tmp_path / "a.nir", STEP)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([lif, cuba]))
def test_integers_follow_floats(
    tmp_path_factory: pytest.TempPathFactory, seed: int, neurons: Any
) -> None:
    """Registers never overflow, and the firing rate of a layer moves by little."""
    drawn = np.random.default_rng(seed)
    path = written(
        tmp_path_factory.mktemp("law"),
        a=nir.Linear(drawn.normal(0, 2, (12, 8))), b=neurons(12),
        c=nir.Linear(drawn.normal(0, 2, (6, 12))), d=neurons(6),
    )  # fmt: skip
    given = read_feedforward(path, STEP)
    sent = (drawn.random((4, 60, 8)) < 0.3).astype(np.uint8)
    fitted, floats = fit_to_loihi(given, sent), float_rasters(given, sent)
    for name, met in fitted.extremes.items():
        assert met.wraps == 0
        assert max(met.fill.values()) <= 0.5
        assert abs(fitted.rasters[name].mean() - floats[name].mean()) < 0.03


@pytest.mark.parametrize("largest", [1.0, 1000.0])
def test_the_command_says_what_rounding_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], largest: float
) -> None:
    """Beside one weight of 1,000 all others become 0, though the root mean square hides it."""
    weights = np.random.default_rng(2).normal(0, 0.5, (12, 8))
    weights[0, 0] = largest
    path = written(tmp_path, w=nir.Linear(weights), n=lif(12))
    np.savez(tmp_path / "sent.npz", spikes=np.random.default_rng(3).random((4, 60, 8)) < 0.3)
    words = ["deploy", str(path), "--chip", "loihi1", "--spikes", str(tmp_path / "sent.npz")]
    assert main([*words, "--step-ms", "1"]) == 0
    said = capsys.readouterr()
    assert "rounded to 0" in said.out
    assert ("of the weights of input-output became 0" in said.err) == (largest > 1)

"""A network trained in snnTorch, in NIR, in floats, in Loihi's integers, in Lava, counted and priced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

import eqspike
from eqspike.chips.loihi import LoihiNetwork
from eqspike.cli import main
from eqspike.core.errors import DataError, RunError
from eqspike.deploy.feedforward import float_rasters
from eqspike.deploy.nir_feedforward import read_feedforward
from eqspike.experiment import foreign
from eqspike.experiment.deploying import load_deployment
from eqspike.experiment.foreign import read_spikes

torch = pytest.importorskip("torch")
snntorch = pytest.importorskip("snntorch")
from snntorch import utils  # noqa: E402

STEP_MS = 0.1
STEPS = 30


def network(biased: bool) -> Any:
    """64-24-10: leaky neurons, then neurons with a synaptic current, reset to 0 in the step of the spike."""
    reset: dict[str, Any] = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
    of = torch.ones
    return torch.nn.Sequential(
        torch.nn.Linear(64, 24, bias=biased),
        snntorch.Leaky(beta=0.9 * of(24), threshold=of(24), **reset),
        torch.nn.Linear(24, 10, bias=False),
        snntorch.Synaptic(alpha=0.7 * of(10), beta=0.85 * of(10), threshold=of(10), **reset),
    )


def trained(net: Any, images: Any, labels: Any, seed: int) -> None:
    """A few batches by surrogate gradients; enough that outputs differ."""
    torch.manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for batch in range(30):
        first = 100 * batch % len(labels)
        part = slice(first, first + 100)
        utils.reset(net)
        total = sum(_spikes(net, images[part, step]) for step in range(STEPS))
        loss = torch.nn.functional.cross_entropy(total, labels[part])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def _spikes(net: Any, inputs: Any) -> Any:
    found = net(inputs)
    return found[0] if isinstance(found, tuple) else found


def sent_of(images: Any, seed: int) -> Any:
    drawn = np.random.default_rng(seed).random((len(images), STEPS, images.shape[1]))
    return (drawn < images[:, None] / 255).astype(np.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """NIR file, spikes of test images and labels."""
    from snntorch.export_nir import export_to_nir

    folder = tmp_path_factory.mktemp("snntorch")
    task = eqspike.load_task("digits")
    train, test = task.load("train").limit(600), task.load("test").limit(60)
    net = network(biased=True)
    images = torch.tensor(sent_of(train.images, 1), dtype=torch.float32)
    trained(net, images, torch.tensor(train.labels), 0)
    nir.write(folder / "net.nir", export_to_nir(net, torch.zeros(64)))
    return folder / "net.nir", sent_of(test.images, 2), test.labels


@pytest.mark.parametrize("seed", range(3))
def test_floats_are_those_of_snntorch(seed: int, tmp_path: Path) -> None:
    """One step later per layer, as on the chip; in float32 they part where a potential touches the threshold."""
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(seed)
    net = network(biased=False)
    nir.write(tmp_path / "net.nir", export_to_nir(net, torch.zeros(64)))
    sent = sent_of(eqspike.load_task("digits").load("test").images[:20], seed)
    utils.reset(net)
    theirs: dict[str, list[Any]] = {"hidden1": [], "output": []}
    with torch.no_grad():
        for step in range(STEPS):
            hidden = _spikes(net[1], net[0](torch.tensor(sent[:, step], dtype=torch.float32)))
            theirs["hidden1"].append(hidden.numpy())
            theirs["output"].append(_spikes(net[3], net[2](hidden)).numpy())
    ours = float_rasters(read_feedforward(tmp_path / "net.nir", STEP_MS / 1000), sent)
    for late, name in enumerate(("hidden1", "output"), start=1):
        found = np.stack(theirs[name], 1)[:, : STEPS - late]
        assert found.sum() > 0
        assert (ours[name][:, late:] != found).mean() < 2e-3, name


def test_lava_runs_the_integers_spike_for_spike(
    saved: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    pytest.importorskip("lava")
    path, sent, labels = saved
    found = eqspike.deploy_nir(
        path, sent[:10], step_ms=STEP_MS, labels=labels[:10], lava=True, out=tmp_path / "chip"
    )
    assert found.lava_differing == 0
    assert sum(raster.sum(dtype=int) for raster in found.fitted.rasters.values()) > 100


def test_accuracy_counts_and_price(saved: tuple[Path, Any, Any], tmp_path: Path) -> None:
    path, sent, labels = saved
    found = eqspike.deploy_nir(path, sent, step_ms=STEP_MS, labels=labels, out=tmp_path / "chip")
    assert found.accuracy is not None
    assert found.accuracy["floats"] > 0.5
    assert abs(found.accuracy["floats"] - found.accuracy["integers"]) <= 0.05
    couplings = found.counts.phases["free"].couplings
    assert couplings["input->hidden1"].synaptic_operations == sent.sum(dtype=int) * 24
    hidden = found.fitted.rasters["hidden1"].sum(dtype=int)
    assert couplings["hidden1->output"].synaptic_operations == hidden * 10
    (entry,) = eqspike.estimate_run(tmp_path / "chip" / "counts.json", "loihi1").chips
    assert entry.inference is not None
    assert entry.inference.estimate.per_sample is not None


def test_the_files_hold_the_integers(saved: tuple[Path, Any, Any], tmp_path: Path) -> None:
    """And they run alike by the plain definition of a network on Loihi, neuron by neuron."""
    path, sent, _ = saved
    found = eqspike.deploy_nir(path, sent[:3], step_ms=STEP_MS, out=tmp_path / "chip")
    loaded = load_deployment(tmp_path / "chip")
    for name, array in found.fitted.network.as_arrays().items():
        assert np.array_equal(loaded.as_arrays()[name], array), name
    by_definition = _defined(loaded, sent[0])
    for name, raster in by_definition.items():
        assert np.array_equal(found.fitted.rasters[name][0], raster), name


def _defined(network: LoihiNetwork, sent: Any) -> dict[str, Any]:
    """The equations of `chips.loihi.network`, with plain whole numbers of Python."""
    rasters = {layer.name: np.zeros((len(sent), layer.size), np.uint8) for layer in network.layers}
    u = {layer.name: [0] * layer.size for layer in network.layers}
    v = {layer.name: [0] * layer.size for layer in network.layers}
    for step in range(len(sent)):
        below = sent
        for coupling, layer in zip(network.couplings, network.layers, strict=True):
            before = below[step - 1] if step else np.zeros(below.shape[1], int)
            for j in range(layer.size):
                total = sum(
                    int(w) for w, s in zip(coupling.mantissas[:, j], before, strict=True) if s
                )
                arriving = (
                    total << coupling.exponent
                    if coupling.exponent > 0
                    else total >> -coupling.exponent
                )
                kept = u[layer.name][j] * (4096 - layer.neuron.current_decay - 1)
                current = (abs(kept) >> 12) * (1 if kept >= 0 else -1) + (arriving << 6)
                kept = v[layer.name][j] * (4096 - layer.neuron.voltage_decay)
                potential = (abs(kept) >> 12) * (1 if kept >= 0 else -1) + current
                potential += int(layer.bias_mantissas[j]) << layer.bias_exponent
                fired = potential > layer.neuron.threshold << 6
                rasters[layer.name][step, j] = fired
                u[layer.name][j], v[layer.name][j] = current, 0 if fired else potential
            below = rasters[layer.name]
    return rasters


def test_the_command(
    saved: tuple[Path, Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sent, labels = saved
    np.savez(tmp_path / "sent.npz", spikes=sent[:5], labels=labels[:5])
    words = ["deploy", str(path), "--chip", "loihi1", "--spikes", str(tmp_path / "sent.npz")]
    out = ["--step-ms", "0.1", "--out", str(tmp_path / "chip")]
    assert main([*words, *out, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["samples"] == 5
    assert said["network"]["couplings"][1]["bidirectional"] is False
    assert main([*words, *out]) == 0
    assert "hidden1" in capsys.readouterr().out
    for more, message in (
        ([], "needs --spikes FILE"),
        (["--samples", "5"], "--samples must go with a run folder"),
    ):
        given = words if more else words[:4]
        assert main([*given, *more]) == 2
        assert message in capsys.readouterr().err
    assert main(["deploy", str(tmp_path), "--chip", "loihi1", "--lava"]) == 2
    assert "--lava must go with a .nir file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        (np.zeros((2, 3, 63)), r"must have shape \(samples, steps, 64\), got \(2, 3, 63\)"),
        (np.full((2, 3, 64), 2), "must be 0 or 1"),
    ],
)
def test_other_spikes_are_refused(
    spikes: Any, message: str, saved: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    with pytest.raises(eqspike.EqspikeError, match=message):
        eqspike.deploy_nir(saved[0], spikes, step_ms=STEP_MS, out=tmp_path / "chip")
    assert not (tmp_path / "chip").exists()


@pytest.mark.parametrize("name", ["spikes.npz", "spikes.npy"])
def test_damaged_spikes_are_refused(tmp_path: Path, name: str) -> None:
    """Wherever they are cut."""
    path = tmp_path / name
    if path.suffix == ".npz":
        np.savez(path, spikes=np.zeros((2, 3, 4), np.uint8))
    else:
        np.save(path, np.zeros((2, 3, 4), np.uint8))
    content = path.read_bytes()
    for length in range(0, len(content), 9):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="must be a"):
            read_spikes(path)


def test_a_deployment_is_whole_or_not_there(
    saved: tuple[Path, Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its last file cannot be written, none of the others is new."""
    out = tmp_path / "chip"

    def full(*arguments: Any, **named: Any) -> None:
        raise RunError("no space left")

    monkeypatch.setattr(foreign, "write_counts_file", full)
    with pytest.raises(RunError, match="no space left"):
        eqspike.deploy_nir(saved[0], saved[1][:3], step_ms=STEP_MS, out=out)
    assert not list(out.iterdir())

"""A process of one's own feeds a run's network in Lava, and hears the spikes that the engines give."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import eqspike
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.lava.schedule import input_lines
from eqspike.experiment.deploying import load_deployment
from eqspike.experiment.runs import TrainingResult
from eqspike.systems import System

needs_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)

OWN = """
import sys
import numpy as np
import eqspike

eqspike.prepare_lava()
from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.io.sink import RingBuffer


class Sensor(AbstractProcess):
    def __init__(self, spikes):
        super().__init__(spikes=spikes)
        self.s_out = OutPort(shape=(len(spikes),))


@implements(proc=Sensor, protocol=LoihiProtocol)
@requires(CPU)
class SensorModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self):
        self.s_out.send(self.proc_params["spikes"][:, self.time_step - 1])


if __name__ == "__main__":
    run, deployment, clears = sys.argv[1], sys.argv[2] or None, sys.argv[3] == "clear"
    spikes = np.load("sent.npy").astype(np.int32)
    with eqspike.lava_graph(run, deployment=deployment) as graph:
        assert sorted(graph.processes) == [
            "hidden", "hidden->output", "input->hidden", "output", "output->hidden"
        ]
        assert graph.processes["output"].s_out is graph.spikes_out
        sink = RingBuffer(shape=graph.spikes_out.shape, buffer=spikes.shape[1])
        Sensor(spikes).s_out.connect(graph.spikes_in)
        graph.spikes_out.connect(sink.a_in)
        for presentation in range(spikes.shape[1] // graph.free_steps):
            if presentation and clears:
                graph.clear()
            graph.run()
        np.save("heard.npy", sink.data.get())
"""


def by_the_engine(run: TrainingResult, deployment: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of the input, (inputs, steps), and of the outputs, (outputs, steps), of two samples."""
    system = _system(run)
    steps, keys = system.rule.free_steps, np.arange(2, dtype=np.uint64)
    test = eqspike.load_task("digits").load("test")
    images, labels = test.images[:2], test.labels[:2]
    with FastIntSession(system) as session:
        session.load(eqspike.weights(run))
        if deployment:
            session.load_network(load_deployment(deployment))
        spikes, _ = session.trace(images, labels, keys)
    heard = spikes["output"][:, :steps]
    return input_lines(system, images, keys, steps), heard.reshape(-1, heard.shape[2]).T


def _system(run: TrainingResult) -> System:
    from eqspike.experiment import load_configuration

    return load_configuration(run.folder / "config.yaml").model.spiking_system("the test")


def heard_by_a_process(
    folder: Path, sent: np.ndarray, run: Path, deployment: Path | None, clear: bool = True
) -> np.ndarray:
    """Spikes of the outputs in a folder of its own, for Lava executes every file beside a process of one's own."""
    np.save(folder / "sent.npy", sent)
    (folder / "own.py").write_text(OWN)
    words = (str(run), str(deployment or ""), "clear" if clear else "go on")
    done = subprocess.run(
        [sys.executable, "own.py", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    heard: np.ndarray = np.load(folder / "heard.npy")
    return heard


@needs_lava
@pytest.mark.parametrize("deployed", [False, True], ids=["rounded", "deployment"])
def test_a_process_of_ones_own_gets_the_spikes_of_the_engine(
    run: TrainingResult, tmp_path: Path, deployed: bool
) -> None:
    deployment = tmp_path / "chip" if deployed else None
    if deployment:
        eqspike.deploy_run(run, samples=20, limit=20, out=deployment)
    sent, expected = by_the_engine(run, deployment)
    (tmp_path / "own").mkdir()
    heard = heard_by_a_process(tmp_path / "own", sent, run.folder.resolve(), deployment)
    assert expected.any()
    assert np.count_nonzero(heard != expected) == 0


@needs_lava
def test_without_clear_the_network_remembers(run: TrainingResult, tmp_path: Path) -> None:
    sent, expected = by_the_engine(run, None)
    heard = heard_by_a_process(tmp_path, sent, run.folder.resolve(), None, clear=False)
    steps = sent.shape[1] // 2
    assert np.array_equal(heard[:, :steps], expected[:, :steps])
    assert not np.array_equal(heard[:, steps:], expected[:, steps:])


def test_other_networks_are_refused(run: TrainingResult, tmp_path: Path) -> None:
    small = {"epochs": 1, "limit": 10, "test_limit": 10, "quiet": True}
    rates = eqspike.train("ep-digits-events", "digits", out=tmp_path / "rates", **small)
    with pytest.raises(UnsupportedError, match="the graph of Lava processes needs spiking neurons"):
        eqspike.lava_graph(rates)
    other = eqspike.train("eqspike-digits", "digits", out=tmp_path / "other", **small)
    with pytest.raises(UnsupportedError, match="sigma-delta"):
        eqspike.lava_graph(other)
    narrow = eqspike.train(
        "eqspike-digits-loihi", "digits", out=tmp_path / "narrow", settings={"layers": [64, 8, 10]}, **small
    )  # fmt: skip
    eqspike.deploy_run(narrow, samples=10, limit=10)
    with pytest.raises(ConfigError, match="input-hidden"):
        eqspike.lava_graph(run, deployment=narrow.folder / "deployment")


def test_steps_are_a_whole_number(run: TrainingResult) -> None:
    from eqspike.engines.lava.ports import LavaGraph

    graph = LavaGraph(None, {}, None, None, 1, 1, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="steps must be a whole number, at least 1, got 0"):
        graph.run(0)

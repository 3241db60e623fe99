"""Present a block of samples to the stock graph. Runs in the child process; arrays come and go as files."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.chips.loihi import LoihiNetwork
from eqspike.engines.lava.files import NETWORK, PROGRESS, SENT, TAUGHT, recorded
from eqspike.engines.lava.graph import Graph, build_graph
from eqspike.engines.lava.processes.recorder import Recorder


def present_block(
    folder: Path, samples: int, steps: int, every: int, taught: bool, bits: int
) -> None:
    """Present `samples` of `steps` each, every one from registers of zero.

    Reads `network.pickle`, `sent.npy` and, if `taught`, `taught.npy`; writes for each layer the files named by
    `recorded`: spikes of every step, registers of steps that are multiples of `every`.
    """
    # Written by the parent, in a folder that nobody else may enter.
    network: LoihiNetwork = pickle.loads((folder / NETWORK).read_bytes())
    lines = np.load(folder / TAUGHT) if taught else None
    graph = build_graph(network, np.load(folder / SENT), lines, bits)
    for layer in network.layers:
        record(folder, graph, layer.name, layer.size, samples * steps, every)
    try:
        for sample in range(samples):
            if sample:
                graph.clear()
            graph.run(steps)
    finally:
        graph.stop()


def record(folder: Path, graph: Graph, name: str, size: int, steps: int, every: int) -> None:
    """Watch a layer: spikes of all steps, registers of steps that are multiples of `every`."""
    paths = {kind: str(folder / file) for kind, file in recorded(name).items()}
    for kind, path in paths.items():
        rows, kept = (steps, np.uint8) if kind == "spikes" else (steps // every, np.int32)
        np.save(path, np.zeros((rows, size), kept))
    recorder: Any = Recorder(
        size=size, every=every, progress=str(folder / PROGRESS), **paths
    )  # fmt: skip
    neurons = graph.neurons[name]
    neurons.s_out.connect(recorder.spikes)
    recorder.current.connect_var(neurons.u)
    recorder.potential.connect_var(neurons.v)

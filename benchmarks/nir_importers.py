"""Norse and snnTorch against the fast engine: a run's NIR file, the same input spikes, the free phase."""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

from eqspike import export_nir
from eqspike.core.random_stream import draws
from eqspike.deploy.nir import with_bias_channels
from eqspike.experiment import load_configuration, open_session
from eqspike.tasks import load_task
from eqspike.training import RunFolder

STEP_MS = {"norse": 1.0, "snntorch": 0.1}


def norse_spikes(graph: nir.NIRGraph, sent: np.ndarray, node: str = "neurons") -> np.ndarray:
    """Spikes (samples, steps, neurons) of a node of a graph with steps of 1 ms, run by Norse."""
    import norse.torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nirtorch.load", DeprecationWarning)
        network = norse.torch.from_nir(graph, dt=STEP_MS["norse"] / 1000)
    state, spikes = None, []
    with torch.no_grad():
        for step in torch.tensor(sent, dtype=torch.float32).unbind(1):
            _, state = network(step, state)
            spikes.append(state.cache[node])
    return torch.stack(spikes, 1).numpy()


def snntorch_spikes(graph: nir.NIRGraph, sent: np.ndarray, node: str = "neurons") -> np.ndarray:
    """Likewise of a graph with steps of 0.1 ms, run by snnTorch."""
    from snntorch.import_nir import import_from_nir

    with contextlib.redirect_stdout(io.StringIO()):
        network = import_from_nir(graph)
    spikes: list[torch.Tensor] = []

    def watch(module: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
        spikes.append(output)

    network.get_submodule(node).register_forward_hook(watch)
    state = None
    with torch.no_grad():
        for step in torch.tensor(sent, dtype=torch.float32).unbind(1):
            _, state = network(step, state)
    return torch.stack(spikes, 1).numpy()


IMPORTERS = {"norse": norse_spikes, "snntorch": snntorch_spikes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--samples", type=int, default=360)
    options = parser.parse_args()
    folder = RunFolder.open(Path(options.run))
    configuration = load_configuration(folder.config_path)
    system = configuration.model.system
    split = load_task(configuration.task).load("test").limit(options.samples)
    keys = draws(1, np.arange(len(split), dtype=np.uint64))
    steps = system.rule.free_steps
    with open_session(system) as session:
        session.load(folder.weights())
        observed = session.trace(split.images, split.labels, keys)
    expected, potentials = (
        np.concatenate([of[n.name][:, :steps] for n in system.network.free_layers], axis=2)
        for of in observed
    )
    encoded = [
        system.encoder.encode(image, steps, int(key))
        for image, key in zip(split.images, keys, strict=True)
    ]
    sent = with_bias_channels(np.stack(encoded))
    for name, run in IMPORTERS.items():
        with tempfile.TemporaryDirectory() as out:
            path = export_nir(options.run, out=out, step_ms=STEP_MS[name])
            found = run(nir.read(path), sent)
        differing = found != expected
        print(
            f"{name}: {differing.sum()} places differ, {int(expected.sum())} spikes of "
            f"{expected.shape[2]} neurons in {steps} steps; {differing.any((1, 2)).sum()} of "
            f"{len(split)} samples differ"
        )
        for sample in np.flatnonzero(differing.any((1, 2))):
            step, neuron = np.argwhere(differing[sample])[0]
            print(
                f"  sample {sample} first in step {step}, neuron {neuron}: the fast engine has "
                f"{int(expected[sample, step, neuron])} spikes, potential after the step "
                f"{potentials[sample, step, neuron]!r}"
            )


if __name__ == "__main__":
    main()

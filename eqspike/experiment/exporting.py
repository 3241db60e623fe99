"""Exporting a run to other tools."""

from __future__ import annotations

from pathlib import Path

from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable, write_bytes
from eqspike.core.random_stream import Purpose
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import image_task
from eqspike.training import RunFolder
from eqspike.training.evaluating import presentation_keys


def export_brian2(run: Path, out: Path | None = None, sample: int = 0) -> list[Path]:
    """Write a stand-alone Brian2 script of one test sample with a run's weights; returns the files written.

    Args:
        run: the run's folder.
        out: folder of the files, by default `brian2` in the run's folder.
        sample: index of the test sample.

    Raises:
        ConfigError: if there is no such sample.
        UnsupportedError: for a model of rates.
        MissingPackageError: if Brian2 is not installed.
    """
    from eqspike.engines.brian2 import write_script

    folder = RunFolder.open(run)
    configuration = load_configuration(folder.config_path)
    system = configuration.model.spiking_system("the export to Brian2")
    weights = folder.weights()
    task = image_task(configuration)
    test = task.load("test")
    if not 0 <= sample < len(test):
        raise ConfigError(
            f"--sample must be from 0 to {len(test) - 1} (test set of {task.name}), got {sample}"
        )
    out = out or folder.path / "brian2"
    check_writable(out, f"sample_{sample}.npz")
    key = int(presentation_keys(configuration.seed, Purpose.EXPORT, 0, sample + 1)[sample])
    with folder.adding(out):
        files = write_script(
            system,
            weights,
            test.images[sample],
            int(test.labels[sample]),
            key,
            out / f"sample_{sample}.py",
            f"{configuration.model.title}, test sample {sample} of {task.name}, label {test.labels[sample]}",
        )
    return list(files)


def export_nir(
    run: Path, out: Path | None = None, form: str = "population", step_ms: float = 1.0
) -> list[Path]:  # fmt: skip
    """Write a run's network as one NIR file; returns the files written.

    Args:
        run: the run's folder.
        out: folder of the file `network.nir`, by default `nir` in the run's folder.
        form: `population`, which importers that work in time steps run exactly, or `layers`.
        step_ms: milliseconds that a time step stands for.

    Raises:
        UnsupportedError: for a neuron that NIR cannot express.
        MissingPackageError: if the package nir is not installed.
    """
    from eqspike.deploy.nir import nir_graph, write_nir

    folder = RunFolder.open(run)
    check_writable(out or folder.path / "nir", "network.nir")
    configuration = load_configuration(folder.config_path)
    graph = nir_graph(
        configuration.model.spiking_system("the export to NIR"),
        folder.weights(),
        form=form,
        step_seconds=step_ms / 1000,
        origin=_origin(configuration),
    )
    path = (out or folder.path / "nir") / "network.nir"
    with folder.adding(path.parent):
        write_bytes(path, write_nir(graph))
    return [path]


def _origin(configuration: Configuration) -> dict[str, str]:
    """Where a run's weights come from, as texts; `configuration` repeats the run."""
    return {
        "model": configuration.model.name,
        "title": configuration.model.title,
        "task": configuration.task,
        "seed": str(configuration.seed),
        "engine": configuration.engine,
        "configuration": configuration.as_yaml(),
    }

"""The Python interface: the command line's main verbs as functions."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.experiment import resolve
from eqspike.experiment.evaluating import Evaluation, evaluate_run
from eqspike.experiment.exporting import export_nir as write_nir_file
from eqspike.experiment.plugins import plugins as using
from eqspike.experiment.runs import TrainingResult, Watcher, start


def train(
    model: str,
    task: str,
    *,
    out: str | Path,
    epochs: int | None = None,
    seed: int = 0,
    engine: str | None = None,
    limit: int | None = None,
    settings: Mapping[str, Any] | None = None,
    force: bool = False,
    quiet: bool = False,
    plugins: Sequence[str | Path] = (),
) -> TrainingResult:
    """Train a model on a task into a new run folder.

    Args:
        model, task: names of the library, or paths of YAML files.
        out: the run's folder; must not hold a run yet, unless `force`.
        epochs: replaces the model's number of epochs.
        seed: decides initial weights, order of samples and every random stream.
        engine: such as `fast`, `brian2:TARGET` or `torch`; by default `fast`, or `torch` for a model of rates.
        limit: use only the first samples of the training set.
        settings: changes to the model, such as `{"rule.beta": 0.2}`.
        quiet: do not print a line per epoch.
        plugins: Python files with parts of your own, which are run; see docs/plugins.md.

    Returns:
        The folder, the test accuracy of the last epoch and the metrics of each epoch.

    Raises:
        EqspikeError: for wrong descriptions, data or folders (before any work), or a run gone wrong.
    """
    overrides = tuple(f"{key}={value}" for key, value in (settings or {}).items())
    watcher = Watcher() if quiet else Watcher(epoch=_print_epoch)
    with using(*plugins):
        configuration = resolve(
            model, task, engine=engine, seed=seed, epochs=epochs, limit=limit, overrides=overrides
        )
        return start(configuration, Path(out), force=force, watcher=watcher)


def evaluate(
    run: str | Path | TrainingResult, *, engine: str | None = None, limit: int | None = None,
    plugins: Sequence[str | Path] = (),
) -> Evaluation:  # fmt: skip
    """Accuracy, activity and event counts of a run's weights on its test set.

    Args:
        run: a run folder, or what `train` returned.
        engine: another engine than the run was trained with.
        limit: only the first samples of the test set.
        plugins: the files that the run was made with.
    """
    folder = run.folder if isinstance(run, TrainingResult) else Path(run)
    with using(*plugins):
        return evaluate_run(folder, engine=engine, limit=limit)


def export_nir(
    run: str | Path | TrainingResult, *, out: str | Path | None = None, form: str = "population",
    step_ms: float = 1.0, plugins: Sequence[str | Path] = (),
) -> Path:  # fmt: skip
    """Write a run's network as a file of the Neuromorphic Intermediate Representation.

    Args:
        run: a run folder, or what `train` returned.
        out: folder of the file, by default `nir` in the run's folder.
        form: `population` or `layers`; see docs/nir.md.
        step_ms: milliseconds that a time step stands for.
        plugins: the files that the run was made with.

    Returns:
        The file.

    Raises:
        UnsupportedError: for a neuron that NIR cannot express.
    """
    folder = run.folder if isinstance(run, TrainingResult) else Path(run)
    with using(*plugins):
        (path,) = write_nir_file(folder, Path(out) if out else None, form, step_ms)
    return path


def _print_epoch(record: dict[str, Any]) -> None:
    judged = [
        f"{split} {record[key]:.4f}"
        for split in ("train", "test")
        for key in record
        if key.startswith(f"{split}_")
        and isinstance(record[key], float)
        and "per_second" not in key
    ]
    print(f"epoch {record['epoch']}: {', '.join(judged)}", file=sys.stderr)

"""Training a model, and going on with a run."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eqspike.api.given import folder_of, model_of, name_of, overrides_of, path_of, whole
from eqspike.core.errors import ConfigError, DataError
from eqspike.experiment import Model, resolve
from eqspike.experiment.loggers import named_log
from eqspike.experiment.plugins import plugins as using
from eqspike.experiment.runs import TrainingResult, Watcher, start
from eqspike.experiment.runs import resume as continue_run
from eqspike.tasks.saving import Labelled, save_task

OnEpoch = Callable[[Mapping[str, Any]], object]

_HELD_OUT = 5
"""One sample in so many is held out for the test where arrays come without test samples."""


def train(
    model: str | os.PathLike[str] | Model,
    task: str | os.PathLike[str] | Labelled,
    *,
    out: str | os.PathLike[str],
    test: Labelled | None = None,
    epochs: int | None = None,
    seed: int = 0,
    engine: str | None = None,
    limit: int | None = None,
    test_limit: int | None = None,
    validation: float | int | None = None,
    settings: Mapping[str, Any] | None = None,
    force: bool = False,
    quiet: bool = False,
    on_epoch: OnEpoch | None = None,
    log: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> TrainingResult:
    """Train a model on a task into a new run folder.

    Args:
        model: name of the library, path of a YAML file, or what `load_model` gave.
        task: name of the library, path of a YAML file, or arrays: images (samples, ...) and labels (samples,), as
            `save_task` takes them. Arrays are saved as a task beside the run, in the folder `out` + ".data".
        out: the run's folder; unless `force`, it must not hold a run that has got to a checkpoint.
        test: test images and labels, with arrays only; by default every fifth sample, drawn by the seed, is held
            out of training for it.
        epochs: replaces the model's number of epochs.
        seed: decides initial weights, order of samples and every random stream.
        engine: such as `fast`, `brian2:TARGET` or `torch`; by default the model's own.
        limit, test_limit: use only the first samples of the training or the test set.
        validation: share (0.1) or number (500) of the training samples, drawn by the seed, that epochs are judged
            on and not learnt from; the test set is then looked at once, after the last epoch.
        settings: changes to the model, such as `{"rule.beta": 0.2}`.
        quiet: do not print a line per epoch.
        on_epoch: given the record of each completed epoch (`epoch`, `train_accuracy`, `test_accuracy` or
            `validation_accuracy`, ...); if it returns True, the run stops there, with a checkpoint, and `resume`
            can go on.
        log: `tensorboard`: also write the metrics to an event file in the run's folder.
        plugins: Python files with parts of your own, which are run; see docs/plugins.md.

    Returns:
        The folder, the test accuracy of the last epoch and the metrics of each epoch.

    Raises:
        EqspikeError: for wrong descriptions, data or folders, a package that is missing (before any work), or a
            run gone wrong.
    """
    for name, value, low in (
        ("epochs", epochs, 1), ("seed", seed, 0), ("limit", limit, 1), ("test_limit", test_limit, 1),
    ):  # fmt: skip
        whole(name, value, low)
    watcher = _watcher(quiet, on_epoch, log)
    folder = path_of("out", out)
    if isinstance(task, (tuple, list)):
        name = str(_saved(folder, task, test, seed))
    elif test is None:
        name = name_of("task", task)
    else:
        raise ConfigError("test goes with arrays; a named task has test samples of its own")
    with using(*plugins):
        configuration = resolve(
            model_of(model), name, engine=engine, seed=seed, epochs=epochs, limit=limit,
            test_limit=test_limit, overrides=overrides_of(settings), validation=validation,
        )  # fmt: skip
        return start(configuration, folder, force=force, watcher=watcher)


def resume(
    run: str | os.PathLike[str] | TrainingResult,
    *,
    quiet: bool = False,
    on_epoch: OnEpoch | None = None,
    log: str | None = None,
    plugins: Sequence[str | Path] = (),
) -> TrainingResult:
    """Go on with a run from its newest checkpoint; it ends as if it had never stopped, bit for bit.

    Args:
        run: a run folder, or what `train` returned.
        quiet, on_epoch, plugins: as for `train`.
        log: likewise; epochs that are complete already are logged too.

    Raises:
        RunError: if there is no run, files of it were changed, or another process works in it.
    """
    with using(*plugins):
        return continue_run(folder_of(run), watcher=_watcher(quiet, on_epoch, log))


def _saved(folder: Path, given: Labelled, test: Labelled | None, seed: int) -> Path:
    """Arrays as a task beside the run."""
    if test is None:
        given, test = _split(given, seed)
    return save_task(folder.with_name(folder.name + ".data"), given, test)


def _split(given: Labelled, seed: int) -> tuple[Labelled, Labelled]:
    """Training and test samples, in their order; which is which is drawn."""
    images, labels = (
        _rows(name, each) for name, each in zip(("images", "labels"), given, strict=False)
    )
    if len(images) != len(labels) or len(images) < _HELD_OUT:
        raise DataError(
            f"task: arrays must be as many labels as images, and at least {_HELD_OUT}, got {len(images)} "
            f"images and {len(labels)} labels"
        )
    order = np.random.default_rng(seed).permutation(len(images))
    held_out = np.zeros(len(images), bool)
    held_out[order[: len(images) // _HELD_OUT]] = True
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])


def _rows(name: str, given: ArrayLike) -> np.ndarray[Any, Any]:
    array = np.asarray(given)
    if array.ndim < 1:
        raise DataError(f"task: {name} must be an array with one entry per sample, got {given!r}")
    return array


def _watcher(quiet: bool, on_epoch: OnEpoch | None, log: str | None) -> Watcher:
    """What follows a run: printing, and the caller's function, which may stop it."""
    stop = threading.Event()

    def epoch(record: dict[str, Any]) -> None:
        if not quiet:
            _print_epoch(record)
        if on_epoch is not None and on_epoch(record) is True:
            stop.set()

    return Watcher(epoch=epoch, stop=stop, log=named_log(log))


def _print_epoch(record: dict[str, Any]) -> None:
    judged = [
        f"{split} {record[key]:.4f}"
        for split in ("train", "validation", "test")
        for key in record
        if key.startswith(f"{split}_")
        and isinstance(record[key], float)
        and "per_second" not in key
    ]
    print(f"epoch {record['epoch']}: {', '.join(judged)}", file=sys.stderr)

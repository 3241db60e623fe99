"""One point of a grid, wherever it is computed: trained or continued, then priced. Its result is a file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.files import write_json
from eqspike.core.reading import read_bytes, read_object
from eqspike.core.yaml_text import LARGEST
from eqspike.experiment.configuration import Configuration, resolve
from eqspike.experiment.estimating import estimate_run
from eqspike.experiment.plugins import PluginFile, plugins
from eqspike.experiment.runs import Watcher, resume, start
from eqspike.experiment.sweep.grid import Point
from eqspike.reports import report_json
from eqspike.training import RunFolder
from eqspike.training.lock import locked

RESULT = "sweep_point.json"

QUANTITIES = {"inference_j": "inference", "training_sample_j": "training"}
"""Energies of a point, and the part of a report that says what they leave out."""

Result = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """What all points of a sweep share; plain data, for it travels to other processes and machines.

    Attributes:
        model, task: library names or absolute paths.
        engine: None for the model's own.
        overrides: `key=value` texts applied before those of the point.
        chips: names of the profiles that price each run.
        checkpoint_seconds: time between checkpoints inside an epoch.
        plugins: files with parts of the user's own, with their content.
        test_limit: only the first test samples; None: all.
        validation: share or number of the training samples that epochs are judged on, if any.
    """

    model: str
    task: str
    engine: str | None
    seed: int
    epochs: int | None
    limit: int | None
    overrides: tuple[str, ...]
    chips: tuple[str, ...]
    checkpoint_seconds: float
    plugins: tuple[PluginFile, ...] = ()
    test_limit: int | None = None
    validation: float | int | None = None

    @property
    def deciding(self) -> dict[str, Any]:
        """What decides the result of a point's run, but for its settings, by name."""
        names = ("model", "task", "engine", "epochs", "limit", "test_limit", "validation")
        plugins = [hashlib.sha256(each.content).hexdigest() for each in self.plugins]
        return {
            **{name: getattr(self, name) for name in names}, "set": self.overrides, "plugins": plugins,
        }  # fmt: skip

    def configuration(self, point: Point) -> Configuration:
        """The run of one point.

        Raises:
            ConfigError, UnsupportedError: for anything wrong, before any work.
        """
        return resolve(
            self.model,
            self.task,
            engine=self.engine,
            seed=self.seed if point.seed is None else point.seed,
            epochs=self.epochs,
            limit=self.limit,
            test_limit=self.test_limit,
            overrides=(*self.overrides, *point.overrides),
            validation=self.validation,
        )


def run_point(
    base: Base, point: Point, out: str, stop: threading.Event | None = None
) -> Result | None:
    """Train the point in its folder below `out`, from where it stands, and estimate its energy.

    A point that was completed is read, one that was interrupted continues from its last checkpoint.

    Args:
        stop: ends the run after the current batch, with a checkpoint.

    Returns:
        `accuracy` (a fraction), with validation `validation_accuracy`, `epochs` and, by chip, the energies that
        `estimate` gives, and which of them are lower bounds; None if it was stopped.

    Raises:
        EqspikeError: if it cannot be trained or priced.
    """
    with plugins(*base.plugins):
        known = known_result(base, point, out)
        if known is not None:
            return known
        folder = Path(out) / point.folder
        with locked(folder):
            return _trained(base, point, folder, Watcher(stop=stop))


def _trained(base: Base, point: Point, folder: Path, watcher: Watcher) -> Result | None:
    configuration = base.configuration(point)
    seconds = base.checkpoint_seconds
    if (folder / "config.yaml").exists():
        trained = resume(folder, watcher=watcher, checkpoint_seconds=seconds)
    else:
        trained = start(configuration, folder, watcher=watcher, checkpoint_seconds=seconds)
    if not trained.complete:
        return None
    result: Result = {
        "chips": {},
        trained.metric: trained.value,
        "epochs": len(trained.metrics),
    }
    if trained.validation is not None:
        result[f"validation_{trained.metric}"] = trained.validation
    if base.chips:
        priced = report_json(estimate_run(folder, base.chips))["chips"].values()
        result["chips"] = {
            chip: _energies(entry) for chip, entry in zip(base.chips, priced, strict=True)
        }
    with RunFolder(folder).adding():
        write_json(folder / RESULT, result)
    return result


def known_result(base: Base, point: Point, out: str) -> Result | None:
    """The result of a completed point, if it was priced for the same chips.

    Raises:
        RunError: if the folder holds the run of another configuration.
    """
    folder = Path(out) / point.folder
    config = folder / "config.yaml"
    if not config.exists():
        return None
    wanted = base.configuration(point).as_yaml()
    if read_bytes(config, LARGEST, RunError) != wanted.encode():
        raise RunError(
            f"{folder}: holds a run of another configuration (see its config.yaml); choose another --out"
        )
    try:
        RunFolder.open(folder).check(RESULT)
        result: Result = read_object(folder / RESULT)
    except RunError:  # none yet, or damaged: it is computed anew from the run
        return None
    return result if _is_result(result, base.chips) else None


def _energies(chip: Mapping[str, Any]) -> dict[str, Any]:
    """Energies, and which of them leave out events that the chip's profile has no figure for."""
    bounds = {
        key: bool(chip[what] and chip[what]["lower_bound"]) for key, what in QUANTITIES.items()
    }
    return {**{key: chip[key] for key in QUANTITIES}, "lower_bound": bounds}


def _is_result(data: Mapping[str, Any], chips: tuple[str, ...]) -> bool:
    """Whether data have the form of a point's result, priced for these chips."""
    priced = data.get("chips")
    if not isinstance(priced, dict) or tuple(priced) != chips:
        return False
    return all(
        isinstance(each, dict) and {*QUANTITIES, "lower_bound"} <= each.keys()
        for each in priced.values()
    )

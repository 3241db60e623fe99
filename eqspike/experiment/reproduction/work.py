"""One job, wherever it is computed: trained or continued, then measured. What it found is read from its files."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.files import write_json
from eqspike.core.reading import read_object
from eqspike.experiment.configuration import Configuration
from eqspike.experiment.families import family
from eqspike.experiment.plugins import plugins
from eqspike.experiment.reproduction.jobs import Job
from eqspike.experiment.reproduction.measuring import Measure, Rows, Subject
from eqspike.experiment.sweep.point import known_result, run_point
from eqspike.reports.comparison import events_per_sample
from eqspike.training import RunFolder, load_latest
from eqspike.training.lock import locked

MEASURED = "measured.json"


def run_job(job: Job, out: str, deadline: float | None = None) -> bool:
    """Train and measure, from where the job stands.

    Args:
        out: folder of all runs.
        deadline: time since the epoch, in seconds, at which training stops, with a checkpoint.

    Returns:
        Whether it is done; False where the deadline came first.

    Raises:
        EqspikeError: if it cannot be trained or measured.
    """
    if deadline is not None and time.time() >= deadline:
        return False
    base, place = job.base, Path(out) / job.folder
    with plugins(*(base.plugins if base else ())):
        if base is not None and job.trains:
            with _until(deadline) as stop:
                if run_point(base, job.point, str(place), stop) is None:
                    return False
        _measure(job, place)
    return True


def finding(job: Job, out: Path) -> dict[str, Any] | None:
    """What a job found, as plain data; None if it is not done.

    Raises:
        RunError: if its folder holds the run of another configuration.
    """
    place = out / job.folder
    measures = _measured(job, place)
    if measures is None:
        return None
    if job.base is None or not job.trains:
        return {"measures": measures}
    result = known_result(job.base, job.point, str(place))
    if result is None:
        return None
    folder = RunFolder.open(place / job.point.folder)
    return {**_of_run(folder, job.base.configuration(job.point), result), "measures": measures}


def _of_run(
    folder: RunFolder, configuration: Configuration, result: Mapping[str, Any]
) -> dict[str, Any]:
    """Value of the metric, pace, operations and energy."""
    training, inference = folder.counts()
    seconds, subject = _seconds(folder), configuration.model.subject
    metric = next(key for key in result if key not in ("chips", "epochs"))
    counted = {"inference": events_per_sample(inference), "training": events_per_sample(training)}
    return {
        "metric": metric,
        "value": result[metric],
        "train_samples_per_second": training.samples / seconds if seconds else None,
        "test_samples_per_second": folder.metrics()[-1]["test_samples_per_second"],
        "messages": family(subject).messages(subject) or "spikes",
        "weights": sum(family(subject).weights(subject).values()),
        "operations": {of: each["synaptic operations"] for of, each in counted.items()},
        "writes": counted["training"]["weight writes"],
        "chips": result["chips"],
    }


def _seconds(folder: RunFolder) -> float | None:
    """Of all training, whether it was interrupted or not; None if no checkpoint is left to tell."""
    latest = load_latest(folder.checkpoints, lambda text: None)
    return latest[1].seconds if latest else None


def _measure(job: Job, place: Path) -> None:
    if not job.row.measures or _measured(job, place) is not None:
        return
    path = _path(job, place)
    run = RunFolder.open(path.parent) if job.trains else None
    with locked(path.parent):
        subject = Subject(job.seed, job.configuration, run)
        found = {
            name: {"settings": repr(measure), "rows": measure(subject)}
            for name, measure in job.row.measures.items()
        }
        with run.adding() if run else nullcontext():
            write_json(path, found)


def _measured(job: Job, place: Path) -> dict[str, Rows] | None:
    """Rows by measure, if all that are asked for were taken with these settings."""
    if not job.row.measures:
        return {}
    path = _path(job, place)
    try:
        if job.trains:
            RunFolder.open(path.parent).check(MEASURED)
        known = read_object(path)
    except RunError:  # none yet, or damaged
        return None
    wanted: Mapping[str, Measure] = job.row.measures
    same = all(known.get(name, {}).get("settings") == repr(each) for name, each in wanted.items())
    return {name: known[name]["rows"] for name in wanted} if same else None


def _path(job: Job, place: Path) -> Path:
    return place / (job.point.folder if job.trains else f"seed-{job.seed}") / MEASURED


@contextmanager
def _until(deadline: float | None) -> Iterator[threading.Event | None]:
    """An event that is set at the deadline."""
    if deadline is None:
        yield None
        return
    stop = threading.Event()
    timer = threading.Timer(max(0.0, deadline - time.time()), stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()

"""`eqspike train`."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eqspike.cli.printing import message, print_json
from eqspike.cli.progress import ProgressDisplay
from eqspike.core.errors import ConfigError
from eqspike.experiment import Configuration, load_configuration, resolve
from eqspike.experiment.agreement import Wanted
from eqspike.experiment.data import length_of
from eqspike.experiment.loggers import Log, named_log, no_log
from eqspike.experiment.runs import TrainingResult, Watcher, resume, start
from eqspike.learners.launch import launched
from eqspike.training import RunFolder
from eqspike.training.own_files import is_free

STOPPED = 130

PATIENCE_SECONDS = 4.0
"""How long an interrupt waits for the current batch."""


def train(options: argparse.Namespace) -> int:
    """Train, continue or repeat a run."""
    log = named_log(options.log)
    if options.resume:
        result = _resume(options, log)
    else:
        configuration = _configuration(options)
        out = Path(options.out) if options.out else _default_folder(configuration)
        if launched().rank == 0 and (options.force or is_free(out)):
            message(f"training {configuration.model.name} on {configuration.task} into {out}")
        with _watching(configuration, log) as watcher:
            result = start(
                configuration, out, force=options.force, watcher=watcher,
                checkpoint_seconds=options.checkpoint_seconds,
            )  # fmt: skip
    return _print_result(result, options.json)


def _resume(options: argparse.Namespace, log: Log) -> TrainingResult:
    if options.force:
        raise ConfigError("--resume and --force contradict each other; give one of them")
    if options.out:
        out = Path(options.out)
    elif options.model and options.task:
        out = _folder(Path(options.model).stem, Path(options.task).stem, options.seed or 0)
    else:
        raise ConfigError("--resume needs --out DIR, or the MODEL and TASK of the run")
    wanted = Wanted(
        options.model, options.task, Path(options.config) if options.config else None, options.engine,
        options.seed, options.epochs, options.limit, options.test_limit, tuple(options.overrides),
        options.validation,
    )  # fmt: skip
    with _watching(load_configuration(RunFolder.open(out).config_path), log) as watcher:
        return resume(
            out, wanted=wanted, watcher=watcher, checkpoint_seconds=options.checkpoint_seconds
        )


def _configuration(options: argparse.Namespace) -> Configuration:
    if options.config:
        given = (
            options.model,
            options.task,
            options.engine,
            options.seed,
            options.epochs,
            options.limit,
            options.test_limit,
            options.validation,
        )
        if any(value is not None for value in given) or options.overrides:
            raise ConfigError(
                "--config repeats a run exactly; MODEL, TASK, --engine, --seed, --epochs, --limit, --test-limit, "
                "--validation and --set cannot be given with it"
            )
        return load_configuration(Path(options.config))
    if not options.model or not options.task:
        raise ConfigError("train needs MODEL and TASK, or --config FILE; see 'eqspike list'")
    return resolve(
        options.model, options.task, engine=options.engine, seed=options.seed or 0,
        epochs=options.epochs, limit=options.limit, test_limit=options.test_limit,
        overrides=tuple(options.overrides), validation=options.validation,
    )  # fmt: skip


def _default_folder(configuration: Configuration) -> Path:
    return _folder(configuration.model.name, Path(configuration.task).stem, configuration.seed)


def _folder(model: str, task: str, seed: int) -> Path:
    return Path("runs") / f"{model}-{task}-{seed}"


@contextmanager
def _watching(configuration: Configuration, log: Log = no_log) -> Iterator[Watcher]:
    """A watcher that shows progress and ends the run on the first interrupt.

    After the current batch, with a checkpoint; a batch that takes longer is given up, and the run continues from
    the checkpoint before it, with the same results.
    """
    leads, stop = launched().rank == 0, threading.Event()
    display = ProgressDisplay(*length_of(configuration)) if leads else None

    def interrupt(signum: int, frame: Any) -> None:
        del signum, frame
        signal.signal(signal.SIGINT, previous)
        stop.set()
        if display is not None:
            display.close()
            message(
                f"stopping after this batch, with a checkpoint, or after {PATIENCE_SECONDS:g} s at the last "
                "checkpoint (interrupt again to stop at once)"
            )
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)

    def give_up(signum: int, frame: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, interrupt)
    alarm = signal.signal(signal.SIGALRM, give_up)
    try:
        if display is None:
            yield Watcher(stop=stop)
        else:
            yield Watcher(message, display.report, display.epoch, stop, log)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, previous)
        if display is not None:
            display.close()


def _print_result(result: TrainingResult, as_json: bool) -> int:
    launch = launched()
    if launch.rank > 0:
        return 0
    if as_json:
        print_json(
            {
                "run": str(result.folder),
                "complete": result.complete,
                "epochs": len(result.metrics),
                result.metric: result.value,
                **(
                    {}
                    if result.validation is None
                    else {f"validation_{result.metric}": result.validation}
                ),
                **({"warning": result.warning} if result.warning else {}),
            }
        )
    elif result.complete:
        epochs = f"{len(result.metrics)} epoch{'' if len(result.metrics) == 1 else 's'}"
        reached = f"test {result.metric} {result.value:.4f} after {epochs}"
        if result.validation is not None:
            reached = f"validation {result.metric} {result.validation:.4f}, {reached}"
        print(f"{reached}; run folder {result.folder}")
    if not result.complete:
        message(f"stopped; continue with: {launch.command} train --resume --out {result.folder}")
        return STOPPED
    return 0

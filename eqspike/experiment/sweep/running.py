"""Running the points of a grid on the workers of Dask: processes of this machine, or of others.

Points go to whichever worker is free. A worker that dies costs nothing but the time since its last checkpoint:
Dask gives its point to another, which continues there. Dask is imported here and nowhere else.
"""

from __future__ import annotations

import itertools
import logging
import os
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from eqspike.core.errors import ConfigError, RunError, missing_package
from eqspike.core.scratch import scratch
from eqspike.core.stages import doing
from eqspike.experiment.plugins import plugins
from eqspike.experiment.runs import check_engine
from eqspike.experiment.sweep.axes import Varied
from eqspike.experiment.sweep.grid import Point, grid
from eqspike.experiment.sweep.point import Base, known_result, run_point
from eqspike.experiment.sweep.results import Outcome, Sweep
from eqspike.reports.inputs import load_chips
from eqspike.tasks import load_task

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

Key = TypeVar("Key", bound=Hashable)
Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments, which travel to other processes."""


@dataclass(frozen=True)
class Fleet:
    """Who computes.

    Attributes:
        workers: processes to start on this machine, by default one for each core; each has its share of the cores.
        scheduler: address of a Dask scheduler that is running already, such as `tcp://host:8786`, instead. Its
            workers must have eqspike, the data and the sweep's folder, under the same paths.
    """

    workers: int | None = None
    scheduler: str | None = None


def run_sweep(
    base: Base, axes: Sequence[Varied], out: Path, fleet: Fleet | None = None,
    follow: Callable[[Outcome, int], None] = lambda outcome, left: None,
) -> Sweep:  # fmt: skip
    """Train and price every point of a grid; what is in `out` already is not computed again.

    Args:
        base: what the points share; axes: what they differ in.
        out: folder of the points' run folders.
        follow: given each outcome as it comes, and how many are still to come.

    Raises:
        ConfigError, UnsupportedError, RunError: before any work, for anything wrong at any point.
        MissingPackageError: if Dask is not installed.
    """
    points = grid(axes)
    with plugins(*base.plugins):
        known = [_checked(base, point, out) for point in points]
        load_task(base.task)
    load_chips(base.chips, {})
    outcomes: dict[str, Outcome] = {}

    def take(outcome: Outcome) -> None:
        outcomes[outcome.point.folder] = outcome
        follow(outcome, len(points) - len(outcomes))

    for outcome in known:
        if outcome is not None:
            take(outcome)
    calls = {
        point.folder: (run_point, (base, point, str(out.resolve())))
        for point in points
        if point.folder not in outcomes
    }
    by_folder = {point.folder: point for point in points}
    for folder, result, error in compute(fleet or Fleet(), calls):
        take(Outcome(by_folder[folder], result, error))
    return Sweep(base, tuple(axes), tuple(outcomes[point.folder] for point in points))


def _checked(base: Base, point: Point, out: Path) -> Outcome | None:
    """The outcome of a completed point; errors of a description come out here, before any work."""
    configuration = base.configuration(point)
    check_engine(configuration)
    known = known_result(base, point, str(out))
    return None if known is None else Outcome(point, known, None)


def compute(fleet: Fleet, calls: Mapping[Key, Call]) -> Iterator[tuple[Key, Any, str | None]]:
    """Calls on the fleet's workers, in the order given: key, value and what went wrong, each as it ends.

    A call that fails stops no other; one whose worker dies is made again.

    Raises:
        MissingPackageError: if Dask is not installed.
        RunError: if the fleet's scheduler does not answer.
    """
    if not calls:
        return
    with _client(fleet, len(calls)) as client:
        from distributed import as_completed

        futures = {
            client.submit(function, *arguments, pure=False): key
            for key, (function, arguments) in calls.items()
        }
        with doing("runs", len(calls)) as stage:
            for future in as_completed(futures):
                stage.done += 1
                yield futures[future], *_ended(future)


def compute_in_turn(
    fleet: Fleet, calls: Iterator[tuple[Key, Call]], most: int
) -> Iterator[tuple[Key, Any, str | None]]:
    """The same, but each call is asked for when a worker is free, after the caller has taken what came before it.

    Args:
        most: calls there can be.
    """
    first = next(calls, None)
    if first is None:
        return
    with _client(fleet, most) as client:
        from distributed import as_completed

        running, keys = as_completed(), {}
        waiting = itertools.chain([first], calls)

        def submit(number: int) -> None:
            for key, (function, arguments) in itertools.islice(waiting, number):
                future = client.submit(function, *arguments, pure=False)
                keys[future] = key
                running.add(future)

        submit(max(1, sum(client.nthreads().values())))
        with doing("runs", most) as stage:
            for future in running:
                stage.done += 1
                yield keys.pop(future), *_ended(future)
                submit(1)


def _ended(future: Any) -> tuple[Any, str | None]:
    """Value of a call that has ended, and what went wrong."""
    error = future.exception()
    said = None if error is None else f"{type(error).__name__}: {error}"
    return None if error else future.result(), said


@contextmanager
def _client(fleet: Fleet, points: int) -> Iterator[Client]:
    """A client of the fleet's scheduler, or of one made for the purpose."""
    try:
        import distributed
    except ImportError as error:
        raise missing_package("distributed", "sweep", "running a grid") from error
    if fleet.scheduler is not None:
        with _reached(distributed, fleet.scheduler) as client:
            yield client
        return
    cores = len(os.sched_getaffinity(0))
    workers = min(fleet.workers or cores, points)
    with (
        _quiet(),
        scratch("sweep") as folder,
        _cluster(distributed, workers, folder, _environment(max(1, cores // workers))) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def _cluster(
    distributed: Any, workers: int, folder: Path, environment: dict[str, str]
) -> LocalCluster:
    """Workers of this machine. A slow disk makes them start later, which is no news where warnings are errors.

    Raises:
        RunError: if none starts, as where a worker, which begins with the lines of the script that made it, comes
            to the grid itself.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Creating scratch directories", UserWarning)
        try:
            made: LocalCluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port: other grids may run beside this one
                silence_logs=logging.CRITICAL,
                local_directory=str(folder),
                env=environment,
            )
        except RuntimeError as error:
            raise RunError(
                f"the workers of the grid did not start: {str(error).rstrip('.')}; in a script of your own, call "
                "what runs a grid below if __name__ == '__main__':, for each worker runs the lines above it"
            ) from error
    return made


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's notes stay out of the root logger, which other packages set up to print."""
    logger = logging.getLogger("distributed")
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before


def _reached(distributed: Any, address: str) -> Client:
    try:
        client: Client = distributed.Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise RunError(
            f"--scheduler {address}: no Dask scheduler answers there ({error}); start one with 'dask scheduler'"
        ) from error
    return client


def _environment(threads: int) -> dict[str, str]:
    """Threads of each worker, for the compiled engines and for PyTorch."""
    return {"EQSPIKE_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}


def check_workers(workers: int | None, scheduler: str | None) -> Fleet:
    """The fleet that a command line asks for.

    Raises:
        ConfigError: for less than one worker, or workers beside a scheduler, which has its own.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"--workers must be at least 1, got {workers}")
    if workers is not None and scheduler is not None:
        raise ConfigError("--workers and --scheduler contradict each other; give one of them")
    return Fleet(workers, scheduler)

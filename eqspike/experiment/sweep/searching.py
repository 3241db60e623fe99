"""Running the trials of a search on the workers of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eqspike.experiment.plugins import plugins
from eqspike.experiment.runs import check_engine
from eqspike.experiment.sweep.axes import Varied
from eqspike.experiment.sweep.grid import Point, keys_of
from eqspike.experiment.sweep.point import Base, known_result, run_point
from eqspike.experiment.sweep.results import Outcome, Search, Sweep
from eqspike.experiment.sweep.running import Call, Fleet, compute_in_turn
from eqspike.experiment.sweep.study import Study, corners
from eqspike.reports.inputs import load_chips
from eqspike.tasks import load_task


def run_search(
    base: Base, axes: Sequence[Varied], trials: int, out: Path, fleet: Fleet | None = None,
    follow: Callable[[Outcome, int], None] = lambda outcome, left: None,
) -> Sweep:  # fmt: skip
    """Train and price the points of so many trials in all; those of an earlier call are not computed again.

    Arguments and errors are those of `run_sweep`. A point that failed is tried again by the next call, but stays a
    failure to the sampler.
    """
    keys_of(axes)
    with plugins(*base.plugins):
        for point in corners(axes):
            check_engine(base.configuration(point))
        metric = load_task(base.task).metric
    load_chips(base.chips, {})
    split = "test" if base.validation is None else "validation"
    search = Search("optuna", trials, metric.name, metric.larger_is_better, split)
    study = Study(out, axes, base.seed, metric.larger_is_better, base.deciding)
    course = _Course(base, study, search, out, follow)
    calls = course.calls()
    for folder, result, error in compute_in_turn(fleet or Fleet(), calls, trials):
        course.take(folder, result, error)
    return Sweep(base, tuple(axes), course.outcomes, search)


class _Course:
    """Trials under way and those that have ended; several trials may be of one point, which is computed once."""

    def __init__(
        self,
        base: Base,
        study: Study,
        search: Search,
        out: Path,
        follow: Callable[[Outcome, int], None],
    ) -> None:
        self._base, self._study, self._search, self._out = base, study, search, out
        self._follow = follow
        self._points: dict[str, Point] = {}
        self._trials: dict[str, list[int]] = {}
        self._ended: dict[str, Outcome] = {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Of each point, in the order in which they were proposed."""
        return tuple(self._ended[folder] for folder in self._points)

    def calls(self) -> Iterator[tuple[str, Call]]:
        """What is to be computed; each trial is proposed when a worker asks for it."""
        for number, point in self._study.begun(self._search.trials):
            yield from self._call(number, point)
        while self._study.proposed < self._search.trials:
            yield from self._call(*self._study.propose())

    def _call(self, number: int, point: Point) -> Iterator[tuple[str, Call]]:
        folder = point.folder
        self._trials.setdefault(folder, []).append(number)
        if folder in self._ended:
            self._study.tell(number, self._search.value(self._ended[folder]))
        elif folder not in self._points:
            self._points[folder] = point
            with plugins(*self._base.plugins):
                known = known_result(self._base, point, str(self._out))
            if known is None:
                yield folder, (run_point, (self._base, point, str(self._out.resolve())))
            else:
                self.take(folder, known, None)

    def take(self, folder: str, result: dict[str, Any] | None, error: str | None) -> None:
        """What has become of a point."""
        outcome = Outcome(self._points[folder], result, error)
        self._ended[folder] = outcome
        for number in self._trials[folder]:
            self._study.tell(number, self._search.value(outcome))
        ended = sum(len(self._trials[each]) for each in self._ended)
        self._follow(outcome, self._search.trials - ended)

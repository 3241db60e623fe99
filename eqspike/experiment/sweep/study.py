"""Points that Optuna proposes, one after the other, from what the points before them have reached.

Trial n is proposed by a sampler of its own, whose seed is a function of (seed, n), from the trials that have
ended. With one worker a search that was stopped therefore goes on with the proposals it would have made; with more
workers, as far as trials end in the same order. Optuna is imported here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.core.errors import ConfigError, RunError, missing_package
from eqspike.core.files import write_bytes
from eqspike.core.showing import show
from eqspike.experiment.sweep.axes import Axis, Varied
from eqspike.experiment.sweep.grid import MOST_POINTS, Point, flow

JOURNAL = "optuna.journal"
"""Optuna's own record of the trials, in the folder of the sweep."""

SAMPLERS = ("grid", "optuna")

_ABOUT = "eqspike"


def check_sampler(sampler: str, trials: int | None) -> int | None:
    """The trials of a search; None for a grid.

    Raises:
        ConfigError: for an unknown sampler, or trials where they mean nothing or are missing.
        MissingPackageError: if Optuna is not installed.
    """
    if sampler not in SAMPLERS:
        raise ConfigError(f"sampler must be one of {', '.join(SAMPLERS)}, got {show(sampler)}")
    if sampler == "grid":
        if trials is not None:
            raise ConfigError(
                f"trials go with the sampler 'optuna'; a grid has a point for each combination, got {trials}"
            )
        return None
    if trials is None:
        raise ConfigError("the sampler 'optuna' needs a number of trials, such as --trials 20")
    if not 1 <= trials <= MOST_POINTS:
        raise ConfigError(
            f"trials must be at least 1, and at most {MOST_POINTS:,}, got {show(trials)}"
        )
    if find_spec("optuna") is None:
        raise missing_package("optuna", "optuna", "the sampler 'optuna'")
    return trials


def corners(axes: Sequence[Varied]) -> tuple[Point, ...]:
    """Points to check before any work: each value and each end of a range, the other settings at their first."""
    first = {axis.key: axis.extremes[0] for axis in axes}
    points = [Point({**first, axis.key: value}) for axis in axes for value in axis.extremes[1:]]
    return Point(first), *points


class Study:
    """The trials of one search, kept in a file.

    Args:
        out: the folder of the sweep.
        axes: what is varied.
        seed: of the proposals.
        larger_is_better: which way values go.
        about: whatever else decides what a trial's value means, as plain data.

    Raises:
        RunError: if the folder holds a search for something else, or its file is damaged.
    """

    def __init__(
        self, out: Path, axes: Sequence[Varied], seed: int, larger_is_better: bool,
        about: dict[str, Any],
    ) -> None:  # fmt: skip
        self._axes, self._seed = axes, seed
        path = out / JOURNAL
        _drop_torn_line(path)
        with _quiet():
            from optuna import create_study
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend

            out.mkdir(parents=True, exist_ok=True)
            try:
                self._study = create_study(
                    storage=JournalStorage(JournalFileBackend(str(path))), study_name=_ABOUT,
                    direction="maximize" if larger_is_better else "minimize", load_if_exists=True,
                )  # fmt: skip
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(
                    f"{path}: is damaged ({error}); delete it to search anew: runs that are complete are kept"
                ) from error
        wanted = json.loads(json.dumps({**about, "seed": seed, **_described(axes)}, default=str))
        self._check_about(path, wanted)

    def _check_about(self, path: Path, wanted: dict[str, Any]) -> None:
        known = self._study.user_attrs.get(_ABOUT)
        if known is None:
            self._study.set_user_attr(_ABOUT, wanted)
            return
        keys = dict.fromkeys([*wanted, *known])
        if other := [key for key in keys if known.get(key) != wanted.get(key)]:
            raise RunError(
                f"{path}: is of a search with another {', another '.join(other)}; choose another --out"
            )

    def begun(self, most: int) -> list[tuple[int, Point]]:
        """The first trials that were proposed by now, in their order."""
        trials = self._study.get_trials(deepcopy=False)[:most]
        keys = {axis.key for axis in self._axes}
        return [
            (trial.number, self._point(trial.params)) for trial in trials if keys <= {*trial.params}
        ]

    def propose(self) -> tuple[int, Point]:
        """The next trial."""
        from optuna.samplers import TPESampler

        number = len(self._study.get_trials(deepcopy=False))
        (seed,) = np.random.SeedSequence([self._seed, number]).generate_state(1)
        self._study.sampler = TPESampler(seed=int(seed))
        trial = self._study.ask({axis.key: _distribution(axis) for axis in self._axes})
        return trial.number, self._point(trial.params)

    @property
    def proposed(self) -> int:
        """How many trials there are."""
        return len(self._study.get_trials(deepcopy=False))

    def tell(self, number: int, value: float | None) -> None:
        """What a trial has reached; None for a failure. What is known of it already stays."""
        from optuna.trial import TrialState

        state = TrialState.FAIL if value is None else TrialState.COMPLETE
        self._study.tell(number, value, state, skip_if_finished=True)

    def _point(self, parameters: dict[str, Any]) -> Point:
        return Point({axis.key: _value(axis, parameters[axis.key]) for axis in self._axes})


def _described(axes: Sequence[Varied]) -> dict[str, Any]:
    return {f"--vary {axis.key}": axis.described for axis in axes}


def _distribution(axis: Varied) -> Any:
    """As Optuna has it; values of a list go by their text, for Optuna takes no lists among them."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(axis, Axis):
        return CategoricalDistribution([flow(value) for value in axis.values])
    if axis.kind == "whole":
        return IntDistribution(int(axis.low), int(axis.high))
    return FloatDistribution(axis.low, axis.high, log=axis.kind == "log")


def _value(axis: Varied, parameter: Any) -> Any:
    if isinstance(axis, Axis):
        return next(value for value in axis.values if flow(value) == parameter)
    return parameter


def _drop_torn_line(path: Path) -> None:
    """A process that dies while it writes leaves half a line, after which nothing could be appended."""
    if path.is_file():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_bytes(path, whole)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's own lines about each study."""
    from optuna import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)

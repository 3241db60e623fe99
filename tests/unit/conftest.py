"""Counts and chips small enough to follow by hand."""

from __future__ import annotations

import itertools
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from eqspike.chips import ChipProfile, Figure, Learning, Timestep, Weights
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Quantity
from eqspike.energy.events import EVENT_OF

MakeChip = Callable[..., ChipProfile]


@pytest.fixture
def figure() -> Callable[..., Quantity]:
    def make(
        low: float, typical: float, high: float, confidence: str = "high", unit: str = "J"
    ) -> Quantity:
        return Quantity(low, typical, high, unit, ("book",), confidence, "for tests")

    return make


@pytest.fixture
def make_chip(figure: Callable[..., Quantity]) -> MakeChip:
    """A chip with distinct powers of two, so that every mixed-up figure shows."""

    def make(name: str = "toy", **changes: object) -> ChipProfile:
        energy: dict[str, Figure] = {
            event: figure(2.0**index, 2.0 ** (index + 10), 2.0 ** (index + 20))
            for index, event in enumerate(EVENT_OF.values())
        }
        energy["neuron_update_idle"] = None
        fields: dict[str, object] = {
            "name": name,
            "title": "A toy",
            "about": "Not a chip.",
            "kind": "normative",
            "process_nm": None,
            "supply_v": None,
            "includes": ("addition",),
            "static": None,
            "per_core": None,
            "timestep": Timestep("clocked", None),
            "weights": Weights(8, True, None),
            "learning": Learning("none", None),
            "limits": {},
            "sources": {"book": "A. Author, A Book, 2020."},
            "digest": "0" * 64,
        }
        for key, value in changes.items():
            if key in energy:
                energy[key] = value  # type: ignore[assignment]
            else:
                fields[key] = value
        return ChipProfile(energy=energy, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def inference() -> EventCounts:
    """Two samples of a free phase; `hidden` and `output` are coupled both ways."""
    return EventCounts(
        2,
        {
            "free": PhaseCounts(
                20,
                {
                    "input": LayerCounts(10, 0, 0),
                    "hidden": LayerCounts(4, 60, 0),
                    "output": LayerCounts(2, 40, 0),
                },
                {
                    "input->hidden": CouplingCounts(30, 28),
                    "hidden->output": CouplingCounts(8, 8),
                    "output->hidden": CouplingCounts(6, 5),
                },
            )
        },
    )


@pytest.fixture
def training(inference: EventCounts) -> EventCounts:
    """Two samples with a free, a learning nudged and an update phase."""
    return EventCounts(
        2,
        {
            "free": inference.phases["free"],
            "nudged": PhaseCounts(
                4,
                {
                    "input": LayerCounts(2, 0, 12),
                    "hidden": LayerCounts(1, 12, 12),
                    "output": LayerCounts(1, 8, 8),
                },
                {
                    "input->hidden": CouplingCounts(6, 6),
                    "hidden->output": CouplingCounts(2, 2),
                    "output->hidden": CouplingCounts(3, 3),
                },
                {
                    "input-hidden": PlasticityCounts(9, 7, 5),
                    "hidden-output": PlasticityCounts(5, 4, 3),
                },
            ),
            "update": PhaseCounts(0, {}, {}, {"output": PlasticityCounts(0, 3, 2)}),
        },
    )


@pytest.fixture
def check_rows() -> Callable[[str], None]:
    """Asserts that every row of a Markdown page has as many cells as the head of its table."""

    def check(markdown: str) -> None:
        cells = 0
        for line in markdown.splitlines():
            bars = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
            if line.startswith("|--"):
                cells = bars
            elif line.startswith("|") and cells:
                assert bars == cells, line
            else:
                cells = 0

    return check


@pytest.fixture
def files_of_at_most() -> Callable[[int], AbstractContextManager[None]]:
    """A context in which the kernel refuses to write more than so many bytes into a file, as a full disk does."""

    @contextmanager
    def limit(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture
def killed_at() -> Callable[[int, Callable[[], object]], None]:
    """Does some work in a process that is killed just before its rename or deletion of this number, from 0 on."""

    def work_until(step: int, work: Callable[[], object]) -> None:
        process = os.fork()
        if process == 0:
            _die_before(step)
            try:
                work()
            finally:
                os._exit(0)
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status), "the work has fewer steps"

    return work_until


def _die_before(step: int) -> None:
    """Let the kernel kill this process in place of a rename or deletion."""
    steps = itertools.count()

    def counted(make: Callable[..., Any]) -> Callable[..., Any]:
        def make_or_die(*arguments: Any, **options: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return make(*arguments, **options)

        return make_or_die

    os.replace, os.unlink = counted(os.replace), counted(os.unlink)

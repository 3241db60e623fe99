"""What a person is told on standard error while Brian2 works; what takes a few seconds passes in silence."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from eqspike.core.stages import doing

REPORT_SECONDS = 20.0
"""Time between two reports."""


def say(text: str) -> None:
    """One line for people, as the command line prints it."""
    print(f"eqspike: {text}", file=sys.stderr, flush=True)


def followed(parts: list[slice], samples: int, title: str) -> Iterator[slice]:
    """The parts of a batch of `samples`, one run each; reports between them."""
    started = reported = time.monotonic()
    with doing(f"Brian2 ({title})", samples) as stage:
        for part in parts:
            stage.done, now = part.start, time.monotonic()
            if part.start and now - reported >= REPORT_SECONDS:
                reported = now
                left = (now - started) * (samples - part.start) / part.start
                say(f"Brian2 ({title}): {part.start} of {samples} samples, {left:.0f} s left")
            yield part


def reporter(title: str, samples: int) -> Callable[..., None]:
    """For `Network.run(report=...)`: share done and time left, of a run within this process."""

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        del start, duration
        if 0 < completed < 1:
            left = float(elapsed) * (1 - completed) / completed
            say(
                f"Brian2 ({title}): {completed:.0%} of a run of {samples} samples, {left:.0f} s left"
            )

    return report


def reporter_code(title: str) -> str:
    """The same in C++, of a compiled program."""
    return f"""
        if (completed > 0 && completed < 1)
            std::cerr << "eqspike: Brian2 ({title}): " << (int)(100*completed + 0.5)
                << "% of a run, " << (int)(elapsed*(1 - completed)/completed + 0.5)
                << " s left" << std::endl;
    """

"""What a person is told on standard error while Brian2 works; a run of a few seconds passes in silence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

REPORT_SECONDS = 20.0
"""Time between two reports of one run."""


def say(text: str) -> None:
    """One line for people, as the command line prints it."""
    print(f"eqspike: {text}", file=sys.stderr, flush=True)


def reporter(title: str, samples: int) -> Callable[..., None]:
    """For `Network.run(report=...)`: share done and time left, of a run within this process."""

    def report(elapsed: Any, completed: float, start: Any, duration: Any) -> None:
        del start, duration
        if 0 < completed < 1:
            left = float(elapsed) * (1 - completed) / completed
            say(f"Brian2 ({title}): {completed:.0%} of {samples} samples, {left:.0f} s left")

    return report


def reporter_code(title: str) -> str:
    """The same in C++, of a compiled program."""
    return f"""
        if (completed > 0 && completed < 1)
            std::cerr << "eqspike: Brian2 ({title}): " << (int)(100*completed + 0.5)
                << "% of this run, " << (int)(elapsed*(1 - completed)/completed + 0.5)
                << " s left" << std::endl;
    """

"""The line on a terminal that tells whoever waits what a command is at, and for how long.

It stands on standard error, from the third second on, and goes away before anything else is printed. Without a
terminal, and with `--json`, there is none.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from eqspike.cli.streams import Steady, nothing_to_clear
from eqspike.core.stages import Clock, Stage, stages
from eqspike.learners.launch import launched

PATIENCE_SECONDS = 2.0
"""How long a person waits without asking what is going on."""

TICK_SECONDS = 0.5

BAR = 20
"""Characters of the bar."""


def waiting(command: str, silent: bool) -> AbstractContextManager[object]:
    """While this lasts, the line is shown, where there is somebody to read it."""
    streams = [stream for stream in (sys.stderr, sys.stdout) if isinstance(stream, Steady)]
    if silent or len(streams) < 2 or not streams[0].isatty() or launched().rank > 0:
        return nullcontext()
    return Waiting(command, streams)


class Waiting:
    """The line of one command; a thread keeps it up to date.

    Args:
        command: its name.
        streams: the one it is drawn on, and others that a terminal may show beside it.
    """

    def __init__(
        self, command: str, streams: Sequence[Steady], clock: Clock = time.monotonic
    ) -> None:
        self._command, self._streams, self._clock = command, streams, clock
        self._began = clock()
        self._width = 0
        self._line_is_free = True
        self._drawing = threading.RLock()  # a signal's handler may print while a line is drawn
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Waiting:
        for stream in self._streams:
            stream.room = self._room
        self.show()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()
        for stream in self._streams:
            stream.room = nothing_to_clear
        self._clear()

    def show(self) -> None:
        """Draw the line, if it is time and the cursor is at the beginning of one."""
        seconds = self._clock() - self._began
        with self._drawing:
            if seconds < PATIENCE_SECONDS or not self._line_is_free:
                return
            text = line(self._command, seconds, stages(), shutil.get_terminal_size().columns - 1)
            self._streams[0].draw("\r" + text.ljust(self._width))
            self._width = len(text)

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            self.show()

    @contextmanager
    def _room(self, text: str) -> Iterator[None]:
        """While a text is printed where the line stands, the line is gone."""
        with self._drawing:
            self._clear()
            yield
            self._line_is_free = text.endswith("\n")

    def _clear(self) -> None:
        with self._drawing:
            if self._width:
                self._streams[0].draw("\r" + " " * self._width)
                self._streams[0].draw("\r")
                self._width = 0


def line(command: str, seconds: float, under_way: Sequence[Stage], columns: int) -> str:
    """What is shown, at most `columns` characters long."""
    said = [f"eqspike {command}, {_span(seconds)}", *map(_words, under_way)]
    last = under_way[-1] if under_way else None
    if last is not None and last.total > 0:
        filled = BAR * min(last.done, last.total) // last.total
        said.append(f"[{'#' * filled}{'.' * (BAR - filled)}]")
        if (left := last.seconds_left) is not None:
            said.append(f"{_span(left)} left")
    return "  ".join(said)[:columns]


def _words(stage: Stage) -> str:
    count = (
        f" {stage.done}/{stage.total}" if stage.total else f" {stage.done}" if stage.done else ""
    )
    return f"{stage.what}{count}" + (f", {stage.note}" if stage.note else "")


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"

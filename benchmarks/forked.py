"""Commands of eqspike in forks of a process that has imported it: they start at once, so many can be tried."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path

ONE_THREAD = {"EQSPIKE_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Forked:
    """A command that runs in a fork of this process and prints nothing."""

    def __init__(self, words: list[str], modules: Path = Path(os.devnull)) -> None:
        """Begin it; what it has imported in the end is written to `modules`."""
        os.environ.update(ONE_THREAD)
        from eqspike.cli import main

        self._ended: int | None = None
        self._process = os.fork()
        if self._process == 0:
            status = 70
            try:
                _be_silent()
                status = main(words)
                modules.write_text("\n".join(sys.modules))
            finally:
                os._exit(status)

    def poll(self) -> int | None:
        """Its status, negative for a signal; None while it runs."""
        if self._ended is None:
            process, status = os.waitpid(self._process, os.WNOHANG)
            self._ended = os.waitstatus_to_exitcode(status) if process else None
        return self._ended

    def wait(self) -> int:
        """Its status, when it has ended."""
        if self._ended is None:
            self._ended = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self._ended

    def kill(self) -> bool:
        """Kill it; whether it still ran."""
        if self.poll() is None:
            os.kill(self._process, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL


def run_and_import(words: list[str]) -> None:
    """Run a command in a fork, and import here what it has imported, so that later forks need not."""
    with tempfile.NamedTemporaryFile("r") as modules:
        Forked(words, Path(modules.name)).wait()
        names = modules.read().splitlines()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            with contextlib.suppress(Exception):  # made by its package, not from a file
                importlib.import_module(name)


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

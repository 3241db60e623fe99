"""The process Lava runs in, seen from its parent: started, asked, watched and ended.

Lava forks a process for each of its models and cannot tell when one of them hangs, so it lives in a child with a
fresh interpreter (`engines.lava.worker`). Commands and replies are lines of JSON through pipes; arrays are handed
over as files in a folder that only the two share. While a command runs, the child counts its progress in a file;
if the count stands still for `patience_s` seconds, everything is ended.

However either side ends, nothing stays behind:

    the parent ends the child       kernel ends Lava's model processes with it (Linux); elsewhere the whole group
    the child dies                  the same, and the parent raises an error
    the parent dies                 the child reads the end of its input, removes the folder and ends itself
    Lava's shared memory            is removed by Python's resource tracker, which outlives them all
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.core.errors import EngineError, MissingPackageError
from eqspike.core.scratch import make_scratch
from eqspike.core.stages import Stage, doing
from eqspike.engines.lava.compatibility import missing_lava
from eqspike.engines.lava.files import LOG, PROGRESS

PATIENCE_S = 300.0
"""Longest time without progress; compiling the fast engine's kernels on a slow machine fits in it."""

SHARED_MEMORY = Path("/dev/shm")

_CLOSING_S = 10.0
_LOG_LINES = 12
# The child imports this very package, whatever else is installed, and nothing from the current folder.
_START = (
    "import sys; sys.path[:] = [{root!r}, *(place for place in sys.path if place)]; "
    "import eqspike; sys.path.pop(0); "
    "from eqspike.engines.lava.worker import main; main({folder!r})"
)


class Child:
    """A child process with Lava in it. A context manager.

    Args:
        patience_s: seconds without progress after which a command counts as hung.

    Raises:
        MissingPackageError: if Lava is not installed.
        EngineError: if the child does not start.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        if find_spec("lava") is None:
            raise missing_lava("engine 'lava'")
        self.patience_s = patience_s
        place = Path(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None
        self.folder = make_scratch("lava", place)
        np.save(self.folder / PROGRESS, np.zeros(1, np.int64))
        self.progress = np.load(self.folder / PROGRESS, mmap_mode="r+")
        print(
            "eqspike: starting Lava in a process of its own, which takes a while", file=sys.stderr
        )
        root = str(Path(__file__).resolve().parents[3])
        with open(self.folder / LOG, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START.format(root=root, folder=str(self.folder))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "TMPDIR": str(self.folder)},  # of multiprocessing's own folders
            )
        self._received = b""
        self._finalizer = weakref.finalize(self, _end, self.process, self.folder)
        self.versions = self.ask("start")

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Have one command done.

        Returns:
            The child's reply.

        Raises:
            EngineError: if the child fails, dies or makes no progress; it is ended then.
            MissingPackageError: if Lava is not installed.
        """
        try:
            self._send(command, arguments)
            with doing("steps in Lava") as stage:
                reply = self._wait_for_reply(command, stage)
        except BaseException:  # a reply that nobody waits for would answer the next command
            self.kill()
            raise
        if "error" in reply:
            log = self._log_tail()
            self.kill()
            if reply.get("missing"):
                raise missing_lava("engine 'lava'")
            raise EngineError(f"engine 'lava': {command} failed: {reply['error']}{log}")
        return reply

    def close(self) -> None:
        """End Lava in good order; nothing happens if it has ended already."""
        if self.process.poll() is None:
            with contextlib.suppress(Exception):
                self.patience_s = min(self.patience_s, _CLOSING_S)
                self.ask("close")
                self.process.wait(_CLOSING_S)
        self.kill()

    def kill(self) -> None:
        """End the child and all that Lava started, at once, and remove the folder."""
        self._finalizer()

    def _send(self, command: str, arguments: dict[str, Any]) -> None:
        line = json.dumps({"do": command, **arguments}).encode() + b"\n"
        if self.process.stdin is None or self.process.stdin.closed:
            raise EngineError(f"engine 'lava': {command}: the child process has ended already")
        with contextlib.suppress(BrokenPipeError):  # a dead child is found out about when reading
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def _wait_for_reply(self, command: str, stage: Stage) -> dict[str, Any]:
        if self.process.stdout is None:
            raise EngineError("engine 'lava': the child process has no output")
        source = self.process.stdout.fileno()
        started = since = time.monotonic()
        count = int(self.progress[0])
        while b"\n" not in self._received:
            if select.select([source], [], [], min(0.5, self.patience_s / 4))[0]:
                part = os.read(source, 1 << 16)
                if not part:
                    raise EngineError(self._death(command))
                self._received += part
            elif self.process.poll() is not None:
                raise EngineError(self._death(command))
            now = time.monotonic()
            if int(self.progress[0]) != count:
                count, since = int(self.progress[0]), now
                stage.done = count
            elif now - since > self.patience_s:
                raise EngineError(
                    f"engine 'lava': {command} hung: no progress for {self.patience_s:g} s, after "
                    f"{count} steps and {since - started:.1f} s; Lava was ended{self._log_tail()}"
                )
        line, self._received = self._received.split(b"\n", 1)
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _death(self, command: str) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        code = self.process.returncode
        how = f"by signal {signal.Signals(-code).name}" if code and code < 0 else f"status {code}"
        return (
            f"engine 'lava': the child process ended during {command} ({how}), after "
            f"{int(self.progress[0])} steps{self._log_tail()}"
        )

    def _log_tail(self) -> str:
        """What Lava last said, to be appended to an error."""
        try:
            lines = (self.folder / LOG).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n  ".join(["; its last words:", *lines[-_LOG_LINES:]]) if lines else ""


def works(patience_s: float = 60.0) -> str:
    """Whether a neuron runs in Lava here: `works` and its version, or what is wrong and what to do."""
    try:
        with Child(patience_s) as child:
            child.ask("try")
            return f"works (Lava {child.versions['lava']})"
    except MissingPackageError as error:
        return str(error)
    except EngineError as error:
        return f"fails: {error}"


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End the child, wait for all that holds its output (Lava's processes do), remove the folder."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if process.poll() is None:
        if sys.platform == "linux":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        deadline = time.monotonic() + _CLOSING_S
        while time.monotonic() < deadline:
            ready = select.select([process.stdout], [], [], 0.1)[0]
            if ready and not os.read(process.stdout.fileno(), 1 << 16):
                break
        process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)

"""The child process: the only one that imports Lava. See `engines.lava.child` for how it is watched.

A thread reads commands. When their source ends, the parent is gone: it removes the folder and ends the process.
Each process that Lava forks asks the kernel to be ended together with this one. Python's resource tracker is the
exception: it is no fork, notices when all others have gone and removes the shared memory they left.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from eqspike.core.errors import EqspikeError, MissingPackageError
from eqspike.engines.lava.compatibility import prepare_lava

_PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h: the signal a process gets when the thread that forked it ends."""


def main(folder: str) -> None:
    """Do commands until told to close."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Lava prints goes to the log
    _end_forks_with_this_process()
    commands: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(commands, folder), daemon=True).start()
    worker = Worker(Path(folder))
    while True:
        command = json.loads(commands.get())
        name = command.pop("do")
        try:
            reply = worker.do(name, command)
        except MissingPackageError as error:
            reply = {"error": str(error), "missing": True}
        except EqspikeError as error:
            reply = {"error": str(error)}
        except Exception as error:  # whatever Lava raises, the parent must hear of it
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)
        if name == "close":
            return


class Worker:
    """What the child can do; every command takes keywords and gives back a reply."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commands: dict[str, Callable[..., dict[str, Any]]] = {
            "start": self._start,
            "try": self._try,
            "present": self._present,
            "present_rates": self._present_rates,
            "learn": self._learn,
            "open_fused": self._open_fused,
            "run_fused": self._run_fused,
            "close": self._close,
        }
        self._fused: Any = None

    def do(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """One command by name."""
        return self._commands[name](**arguments)

    def _start(self) -> dict[str, Any]:
        prepare_lava()
        from lava.magma.runtime import runtime  # noqa: F401  fixes multiprocessing's start method

        return {"lava": metadata.version("lava-nc"), "python": sys.version.split()[0]}

    def _try(self) -> dict[str, Any]:
        from lava.magma.core.run_conditions import RunSteps
        from lava.proc.lif.process import LIF

        from eqspike.engines.lava.configuration import run_configuration

        neuron: Any = LIF(shape=(1,))
        neuron.run(condition=RunSteps(num_steps=1), run_cfg=run_configuration("fixed_pt"))
        neuron.stop()
        return {}

    def _present(self, **arguments: Any) -> dict[str, Any]:
        from eqspike.engines.lava.presenting import present_block

        present_block(self.folder, **arguments)
        return {}

    def _present_rates(self, **arguments: Any) -> dict[str, Any]:
        from eqspike.engines.lava.rates.graph import present_rates

        present_rates(self.folder, **arguments)
        return {}

    def _learn(self, **arguments: Any) -> dict[str, Any]:
        from eqspike.engines.lava.learning_graph import learn_block

        learn_block(self.folder, **arguments)
        return {}

    def _open_fused(self, **arguments: Any) -> dict[str, Any]:
        from eqspike.engines.lava.running import FusedGraph

        self._fused = FusedGraph(self.folder, **arguments)
        return {}

    def _run_fused(self, messages: int) -> dict[str, Any]:
        self._fused.run(messages)
        return {}

    def _close(self) -> dict[str, Any]:
        if self._fused is not None:
            self._fused.stop()
        return {}


def _listen(commands: queue.SimpleQueue[str], folder: str) -> None:
    """Hand over lines of input; at its end, end everything. Runs in a thread that holds no lock while it waits."""
    received = b""
    while True:
        part = os.read(0, 1 << 16)
        if not part:
            _vanish(folder)
        *lines, received = (received + part).split(b"\n")
        for line in lines:
            commands.put(line.decode())


def _vanish(folder: str) -> NoReturn:
    """The parent is gone: leave nothing behind."""
    shutil.rmtree(folder, ignore_errors=True)
    if sys.platform == "linux":
        os.kill(os.getpid(), signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)
    raise SystemExit  # never reached


def _end_forks_with_this_process() -> None:
    """On Linux, the kernel ends every process forked from here when this one ends, however that happens."""
    if sys.platform != "linux":
        return
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def after_fork() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    os.register_at_fork(after_in_child=after_fork)

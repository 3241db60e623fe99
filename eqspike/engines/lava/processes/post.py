"""Where messages of the fused process come from and where its results go: rows of files shared with the parent.

Row r belongs to step start + r + 1; `start` is written before each run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from eqspike.engines.lava.files import INBOX, OUTBOX, PROGRESS, START


class Inbox(AbstractProcess):  # type: ignore[misc]
    """Sends one message a step. Args: folder of the files; words of a message."""

    def __init__(self, *, folder: str, words: int) -> None:
        super().__init__(folder=folder)
        self.message = OutPort(shape=(words,))


class Outbox(AbstractProcess):  # type: ignore[misc]
    """Keeps one result a step and counts the progress. Args: folder of the files; words of a result."""

    def __init__(self, *, folder: str, words: int) -> None:
        super().__init__(folder=folder)
        self.result = InPort(shape=(words,))


def opened(model: Any, name: str) -> Any:
    """A shared file, opened by the process of the model."""
    return np.load(Path(model.proc_params["folder"]) / name, mmap_mode="r+")


class InboxModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Both arithmetics of `Inbox`."""

    rows: Any = None

    def run_spk(self) -> None:
        """Send the message of this step."""
        if self.rows is None:
            self.rows, self.start_step = opened(self, INBOX), opened(self, START)
        row = self.rows[self.time_step - 1 - int(self.start_step[0])]
        self.message.send(np.asarray(row, self.number))


class OutboxModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Both arithmetics of `Outbox`."""

    rows: Any = None

    def run_spk(self) -> None:
        """Keep the result of this step."""
        if self.rows is None:
            self.rows, self.start_step = opened(self, OUTBOX), opened(self, START)
            self.progress = opened(self, PROGRESS)
        self.rows[self.time_step - 1 - int(self.start_step[0])] = self.result.recv()
        self.progress[0] += 1


@implements(proc=Inbox, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class InboxFixed(InboxModel):
    """Words as integers."""

    number = np.int32
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=32)


@implements(proc=Inbox, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class InboxFloat(InboxModel):
    """Words as float64."""

    number = np.float64
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Outbox, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class OutboxFixed(OutboxModel):
    """Words as integers."""

    result: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=32)


@implements(proc=Outbox, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class OutboxFloat(OutboxModel):
    """Words as float64."""

    result: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)

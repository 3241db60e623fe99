"""What comes from outside a rate-based network, once each sample: levels of an image, and the teacher's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Schedule(AbstractProcess):  # type: ignore[misc]
    """Sends a row of a file at chosen steps of each sample, else zeros.

    Args:
        size: of a row; path: of a .npy file (samples x rows of a sample, size).
        places: steps of a sample, from 0, at which its rows are sent, in this order; period: steps of a sample.
    """

    def __init__(self, *, size: int, path: str, places: tuple[int, ...], period: int) -> None:
        super().__init__(size=size, path=path, places=places, period=period)
        self.s_out = OutPort(shape=(size,))


class ScheduleModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Both arithmetics."""

    rows: Any = None

    def run_spk(self) -> None:
        """Send the row of this step, if there is one."""
        if self.rows is None:
            self.rows = np.load(Path(self.proc_params["path"]), mmap_mode="r")
        sample, place = divmod(self.time_step - 1, self.proc_params["period"])
        places = self.proc_params["places"]
        row = np.zeros(self.proc_params["size"])
        if place in places:
            row = self.rows[sample * len(places) + places.index(place)]
        self.s_out.send(np.asarray(row, self.number))


@implements(proc=Schedule, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class ScheduleFixed(ScheduleModel):
    """Whole numbers."""

    number = np.int32
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=9)


@implements(proc=Schedule, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class ScheduleFloat(ScheduleModel):
    """In float64."""

    number = np.float64
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)

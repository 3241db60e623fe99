"""A probe: writes the spikes and, at chosen steps, the registers of one group of neurons to files."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Recorder(AbstractProcess):  # type: ignore[misc]
    """Records neurons into arrays that exist already; they are opened by the process of the model.

    Ports: `spikes` receives what the neurons send; `current` and `potential` read their registers after the step.

    Args:
        size: number of neurons.
        every: registers are read in steps that are multiples of it, counted from 1; 0 for never.
        spikes, current, potential: paths of .npy files (steps, neurons) and, twice, (reads, neurons).
        progress: path of a .npy file (1,); the number of the step is written there.
    """

    def __init__(
        self, *, size: int, every: int, spikes: str, current: str, potential: str, progress: str
    ) -> None:
        paths = {"spikes": spikes, "current": current, "potential": potential, "progress": progress}
        super().__init__(every=every, paths=paths)
        self.spikes = InPort(shape=(size,))
        self.current = RefPort(shape=(size,))
        self.potential = RefPort(shape=(size,))


@implements(proc=Recorder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class RecorderModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Runs in a process of its own, forked by Lava."""

    spikes: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    current: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32, precision=24)
    potential: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32, precision=24)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.every = proc_params["every"]
        self.files: dict[str, Any] = {}

    def run_spk(self) -> None:
        """Spikes of this step."""
        if not self.files:
            paths = self.proc_params["paths"].items()
            self.files = {name: np.load(path, mmap_mode="r+") for name, path in paths}
        self.files["spikes"][self.time_step - 1] = self.spikes.recv()
        self.files["progress"][0] = self.time_step

    def post_guard(self) -> bool:
        """Whether registers are read in this step."""
        return bool(self.every) and self.time_step % self.every == 0

    def run_post_mgmt(self) -> None:
        """Registers as this step left them."""
        row = self.time_step // self.every - 1
        self.files["current"][row] = self.current.read()
        self.files["potential"][row] = self.potential.read()

"""A probe of neurons that send changes: writes their messages and registers to files."""

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


class Probe(AbstractProcess):  # type: ignore[misc]
    """Ports: `messages` receives what the neurons send; `state` and `sent` read their registers after the step.

    Args:
        size: number of neurons; paths: of .npy files (steps, neurons) that exist, `messages`, `state` and `sent`,
            and of `progress` (1,), where the number of the step is written.
    """

    def __init__(self, *, size: int, paths: dict[str, str]) -> None:
        super().__init__(paths=paths)
        self.messages = InPort(shape=(size,))
        self.state, self.sent = RefPort(shape=(size,)), RefPort(shape=(size,))


class ProbeModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Both arithmetics."""

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.files: dict[str, Any] = {}

    def run_spk(self) -> None:
        """Messages of this step."""
        if not self.files:
            paths = self.proc_params["paths"].items()
            self.files = {name: np.load(path, mmap_mode="r+") for name, path in paths}
        self.files["messages"][self.time_step - 1] = self.messages.recv()
        self.files["progress"][0] = self.time_step

    def post_guard(self) -> bool:
        """Registers are read in every step."""
        return True

    def run_post_mgmt(self) -> None:
        """Registers as this step left them."""
        self.files["state"][self.time_step - 1] = self.state.read()
        self.files["sent"][self.time_step - 1] = self.sent.read()


@implements(proc=Probe, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class ProbeFixed(ProbeModel):
    """Whole numbers."""

    messages: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=14)
    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32, precision=13)
    sent: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32, precision=13)


@implements(proc=Probe, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class ProbeFloat(ProbeModel):
    """In float64."""

    messages: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)
    sent: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, float)

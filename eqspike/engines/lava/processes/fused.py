"""The whole network as one Lava process: one message in and one result out for each sample.

A time step of Lava is a sample here; the network's own time steps pass inside, at the speed of compiled code.
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

from eqspike.engines.lava.presenter import FIXED, FLOATING, Presenter


class FusedNetwork(AbstractProcess):  # type: ignore[misc]
    """A layered network with its phases and, where the arithmetic is floating, its learning rule.

    Ports: `sample` receives messages, `result` sends results; both are described in `engines.lava.messages`.

    Args:
        folder: where larger things are handed over; words: of a message; result_words: of a result.
    """

    def __init__(self, *, folder: str, words: int, result_words: int) -> None:
        super().__init__(folder=folder)
        self.sample = InPort(shape=(words,))
        self.result = OutPort(shape=(result_words,))


@implements(proc=FusedNetwork, protocol=LoihiProtocol)
@requires(CPU)
@tag(FIXED)
class FusedNetworkFixed(PyLoihiProcessModel):  # type: ignore[misc]
    """In Loihi's integers."""

    sample: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=32)
    result: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=32)
    presenter: Presenter | None = None

    def run_spk(self) -> None:
        """Do what the message asks for. The session is opened here: threads do not survive Lava's fork."""
        if self.presenter is None:
            self.presenter = Presenter(Path(self.proc_params["folder"]), FIXED)
        self.result.send(self.presenter.answer(self.sample.recv()))


@implements(proc=FusedNetwork, protocol=LoihiProtocol)
@requires(CPU)
@tag(FLOATING)
class FusedNetworkFloat(PyLoihiProcessModel):  # type: ignore[misc]
    """In float64."""

    sample: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    result: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    presenter: Any = None

    def run_spk(self) -> None:
        """Do what the message asks for."""
        if self.presenter is None:
            self.presenter = Presenter(Path(self.proc_params["folder"]), FLOATING)
        self.result.send(self.presenter.answer(self.sample.recv()).astype(float))

"""A coupling of both directions that learns at every nudged step: C-EP, one sample after the other.

    W <- W + rate x sign of beta x (q_pre q_post after the step - before it)

from the messages of both sides alone: added up, they are q. A message is weighted with W as it was when it was
sent. A step of Lava is a step of the network, as in `rates`. See `eqspike.rules.continual` for the source.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class ContinualCoupling(AbstractProcess):  # type: ignore[misc]
    """One weight for both directions, changed by what both sides send.

    Ports: `below_in`, `above_in` receive messages of both layers; `up_out`, `down_out` send synaptic input, one
    step late; `sign_in` receives the sign of beta at the onset of each sample.

    Args:
        weights: (presynaptic, postsynaptic); rate: learning rate / |beta|.
        free_steps, nudged_steps: of a sample.
        samples: after as many, the weights are written to the .npz file `path`.
    """

    def __init__(self, *, weights: Any, **parameters: Any) -> None:
        super().__init__(**parameters)
        pre, post = weights.shape
        self.below_in, self.up_out = InPort(shape=(pre,)), OutPort(shape=(post,))
        self.above_in, self.down_out = InPort(shape=(post,)), OutPort(shape=(pre,))
        self.sign_in = InPort(shape=(1,))
        self.weights = Var(shape=(pre, post), init=weights)
        self.up, self.down = Var(shape=(post,), init=0), Var(shape=(pre,), init=0)
        self.below, self.above = Var(shape=(pre,), init=0), Var(shape=(post,), init=0)


@implements(proc=ContinualCoupling, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class ContinualCouplingModel(PyLoihiProcessModel):  # type: ignore[misc]
    """In float64."""

    below_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    above_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    sign_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    up_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    down_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    weights: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    up: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    down: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    below: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    above: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    sign = 0.0

    def run_spk(self) -> None:
        """Hand over what arrived a step ago, take in messages, learn in the nudged phase."""
        self.up_out.send(self.up)
        self.down_out.send(self.down)
        below, above, sign = self.below_in.recv(), self.above_in.recv(), self.sign_in.recv()
        self.up, self.down = below @ self.weights, self.weights @ above
        free, nudged = self.proc_params["free_steps"], self.proc_params["nudged_steps"]
        sample, place = divmod(self.time_step - 1, 1 + free + nudged)
        if place == 0:
            self.sign = float(sign[0])
            self.below[:] = self.above[:] = 0.0
        before = self.above.copy()
        self.below += below
        self.above += above
        if place > free:
            step = self.sign * above
            change = np.outer(self.below, step) + np.outer(below, self.sign * before)
            self.weights += self.proc_params["rate"] * change
        if place == free + nudged and sample == self.proc_params["samples"] - 1:
            np.savez(self.proc_params["path"], weights=self.weights)

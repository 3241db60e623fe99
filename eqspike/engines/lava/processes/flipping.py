"""A coupling of both directions whose weights have one sign each and learn: binary Equilibrium Propagation.

It adds up the messages of both sides, which gives their last values sent, and compares the values of two moments
of each sample, as `chips.graded.learning` says. A step of Lava is a step of the network, as in `rates`.
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

from eqspike.chips.graded.learning import contrast, flips, next_counter


class FlippingCoupling(AbstractProcess):  # type: ignore[misc]
    """Weights that flip, and the counters that tell when.

    Ports: `below_in`, `above_in` receive messages of both layers; `up_out`, `down_out` send synaptic input, one
    step late; `sign_in` receives the sign of beta at the onset of each sample.

    Args:
        weights: mantissas (presynaptic, postsynaptic); exponent: theirs; counters: of the same shape.
        rule: a `FlipRule`.
        free_steps, nudged_steps, passes: of a sample.
        samples: after as many, counters, flips and their tally are written to the .npz file `path`.
    """

    def __init__(self, *, weights: Any, counters: Any, **parameters: Any) -> None:
        super().__init__(**parameters)
        pre, post = weights.shape
        self.below_in, self.up_out = InPort(shape=(pre,)), OutPort(shape=(post,))
        self.above_in, self.down_out = InPort(shape=(post,)), OutPort(shape=(pre,))
        self.sign_in = InPort(shape=(1,))
        self.weights = Var(shape=(pre, post), init=weights)
        self.counters = Var(shape=(pre, post), init=counters)
        self.turned = Var(shape=(pre, post), init=0)
        self.up, self.down = Var(shape=(post,), init=0), Var(shape=(pre,), init=0)
        self.below, self.above = Var(shape=(pre,), init=0), Var(shape=(post,), init=0)


@implements(proc=FlippingCoupling, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class FlippingCouplingModel(PyLoihiProcessModel):  # type: ignore[misc]
    """In integers."""

    below_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=14)
    above_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=14)
    sign_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=2)
    up_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    down_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    weights: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=9)
    counters: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=32)
    turned: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=32)
    up: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=24)
    down: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=24)
    below: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=13)
    above: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=13)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        parameters = proc_params
        free, nudged = parameters["free_steps"], parameters["nudged_steps"]
        self.ends = [free + turn * nudged for turn in range(parameters["passes"] + 1)]
        self.seen: list[Any] = []
        self.sign, self.candidates = 0, 0

    def run_spk(self) -> None:
        """Hand over what arrived a step ago, take in messages, learn at the end of a sample."""
        self.up_out.send(self.up)
        self.down_out.send(self.down)
        below, above, sign = self.below_in.recv(), self.above_in.recv(), self.sign_in.recv()
        exponent = self.proc_params["exponent"]
        self.up = (below.astype(np.int64) @ self.weights << exponent).astype(np.int32)
        self.down = (self.weights @ above.astype(np.int64) << exponent).astype(np.int32)
        sample, place = divmod(self.time_step - 1, self.ends[-1] + 1)
        if place == 0:
            self.seen, self.sign = [], int(sign[0])
            self.below[:] = self.above[:] = 0
        elif place == self.ends[1] + 1:  # a second nudged phase starts from the end of the free one
            self.below[:], self.above[:] = self.seen[0]
        self.below += below
        self.above += above
        if place in self.ends:
            self.seen.append((self.below.copy(), self.above.copy()))
        if place == self.ends[-1]:
            self.learn()
            if sample == self.proc_params["samples"] - 1:
                np.savez(
                    self.proc_params["path"],
                    counters=self.counters,
                    flips=self.turned,
                    candidates=self.candidates,
                )

    def learn(self) -> None:
        """Move the counters, flip what they say."""
        rule, start = self.proc_params["rule"], self.seen[2] if len(self.seen) > 2 else self.seen[0]
        change = contrast(self.seen[1], start, self.sign)
        self.counters[:] = next_counter(self.counters, change, rule)
        turns = flips(self.weights, self.counters, rule)
        self.candidates += int(np.count_nonzero(self.counters))
        self.turned += turns
        self.weights[turns] *= -1

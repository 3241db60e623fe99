"""Neurons that send changes of their rate, or of their bit, as graded spikes; see `chips.graded.network`.

A step of Lava is a step of the network; the first of each sample is its onset. A sample has
1 + free_steps + passes x nudged_steps steps, and neurons count them: nothing is reset from outside. What is under
way when a sample ends arrives at the next onset, where it is dropped.
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

from eqspike.chips.graded import arithmetic
from eqspike.core.activations import ACTIVATIONS


class _Sender(AbstractProcess):  # type: ignore[misc]
    """Ports and registers of both neurons.

    Ports: `a_in` receives synaptic input, `teacher_in` sign (1 + target) of beta once a nudged phase, in its first
    step; `sign_in` the sign of beta at the onset, where biases learn; `s_out` sends changes.

    Args:
        size: number of neurons; bias: (size,).
        free_steps, nudged_steps, passes: of a sample.
        neuron, nudge: `GradedNeuron` and `GradedNudge`, for tag `fixed_pt`.
        activation, filter, initial, threshold, beta: in floating point, for tag `floating_pt`.
        bias_rate: learning rate / |beta| of the biases, which in integers do not learn.
    """

    def __init__(self, *, size: int, bias: Any, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.a_in, self.teacher_in = InPort(shape=(size,)), InPort(shape=(size,))
        self.sign_in = InPort(shape=(1,))
        self.s_out = OutPort(shape=(size,))
        self.bias = Var(shape=(size,), init=bias)
        self.drive, self.state, self.sent, self.taught = (
            Var(shape=(size,), init=0) for _ in range(4)
        )
        self.kept = Var(shape=(3, size), init=0)


class SigmaDeltaRate(_Sender):
    """Neurons that send by how much their rate has moved, once that is more than a threshold."""


class BinaryNeuron(_Sender):
    """Neurons that send +1 or -1 where their filtered drive crosses one half."""


class SenderModel(PyLoihiProcessModel):  # type: ignore[misc]
    """What all models share: the steps of a sample."""

    sign = 0.0

    def run_spk(self) -> None:
        """One step."""
        arrived, taught, sign = self.a_in.recv(), self.teacher_in.recv(), self.sign_in.recv()
        parameters = self.proc_params
        free, nudged = parameters["free_steps"], parameters["nudged_steps"]
        place = (self.time_step - 1) % (1 + free + parameters["passes"] * nudged)
        if place == 0:
            self.taught[:] = 0
            self.drive[:] = 0
            self.sign = float(sign[0])
            self.begin()
            self.s_out.send(self.sent)
            return
        self.drive[:] = self.summed(arrived)
        registers = (self.drive, self.state, self.sent)
        if place == free + 1:
            self.kept[:] = registers
        elif place == free + nudged + 1:  # a second nudged phase
            for register, kept in zip(registers, self.kept, strict=True):
                register[:] = kept
        self.taught[:] = np.where(taught != 0, taught, self.taught)
        message = self.moved(np.sign(self.taught), np.abs(self.taught) - 1)
        self.s_out.send(message)
        if place > free and self.sign:
            self.bias += parameters["bias_rate"] * self.sign * message


class FixedModel(SenderModel):
    """In integers."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    teacher_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=3)
    sign_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=2)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=14)
    bias: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=20)
    drive: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=24)
    state: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=13)
    sent: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=13)
    taught: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=3)
    kept: np.ndarray[Any, Any] = LavaPyType(np.ndarray, np.int32, precision=24)

    def begin(self) -> None:
        """State and last value sent of the onset."""
        neuron = self.proc_params["neuron"]
        self.state[:] = neuron.initial
        self.sent[:] = arithmetic.transmitted(self.state, neuron)

    def summed(self, arrived: Any) -> Any:
        """Drive with what has arrived."""
        return arithmetic.wrapped(np.asarray(self.drive, np.int64) + arrived)

    def moved(self, sign: Any, target: Any) -> Any:
        """Advance the state; returns the messages."""
        neuron, nudge = self.proc_params["neuron"], self.proc_params["nudge"]
        pull = arithmetic.nudge_drive(self.state, target, sign, neuron, nudge)
        self.state[:] = arithmetic.next_state(self.state, self.drive + self.bias + pull, neuron)
        value = arithmetic.transmitted(self.state, neuron)
        message = arithmetic.messages(value, self.sent, neuron.threshold)
        self.sent += message.astype(np.int32)
        return message


class FloatModel(SenderModel):
    """In float64."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    teacher_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    sign_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    bias: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    drive: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    state: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    sent: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    taught: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)
    kept: np.ndarray[Any, Any] = LavaPyType(np.ndarray, float)

    def begin(self) -> None:
        """State and last value sent of the onset."""
        self.state[:] = self.proc_params["initial"]
        self.sent[:] = self.value()

    def summed(self, arrived: Any) -> Any:
        """Drive with what has arrived."""
        return self.drive + arrived

    def moved(self, sign: Any, target: Any) -> Any:
        """Advance the state; returns the messages."""
        pull = sign * self.proc_params["beta"] * (target - self.state)
        self.state[:] = self.next_state(self.drive + self.bias + pull)
        change = self.value() - self.sent
        sends = np.abs(change) > self.proc_params["threshold"]
        self.sent[:] = np.where(sends, self.value(), self.sent)
        return np.where(sends, change, 0.0)


@implements(proc=SigmaDeltaRate, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class SigmaDeltaRateFixed(FixedModel):
    """The clip, by saturation."""


@implements(proc=BinaryNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class BinaryNeuronFixed(FixedModel):
    """The filter, by a shift."""


@implements(proc=SigmaDeltaRate, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class SigmaDeltaRateFloat(FloatModel):
    """Any activation."""

    def next_state(self, drive: Any) -> Any:
        """rho of the drive."""
        return ACTIVATIONS[self.proc_params["activation"]].rate(drive)

    def value(self) -> Any:
        """v: the state."""
        return self.state


@implements(proc=BinaryNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class BinaryNeuronFloat(FloatModel):
    """Any filter."""

    def next_state(self, drive: Any) -> Any:
        """The drive, filtered and clipped."""
        share = self.proc_params["filter"]
        return np.clip((1 - share) * self.state + share * drive, 0.0, 1.0)

    def value(self) -> Any:
        """v: the bit."""
        return np.where(self.state >= 0.5, 1.0, 0.0)

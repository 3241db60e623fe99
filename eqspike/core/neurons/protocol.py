"""What a neuron model is: parameters, and what its membrane does in one time step, for whoever simulates it.

A spiking neuron brings a step in NumPy, a text for Brian2, or both, and runs in every engine that offers one of
them. Engines with compiled twins know those by the exact class of a neuron.

Legend: `drive` synaptic current of the step, `bias`, `nudge` teaching signal, `v` membrane potential.
Rates are in spikes per time step, in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

Vector = NDArray[Any]
State = dict[str, Vector]
"""State variables by name, each (neurons,); the membrane potential is `v`. A step changes them."""


class Neuron(Protocol):
    """Parameters of a spiking neuron."""

    @property
    def kind(self) -> str:
        """Name in a model's `neuron` section."""
        ...

    @property
    def full_potential(self) -> float:
        """Membrane potential worth one spike, above 0."""
        ...


@runtime_checkable
class StepsInNumpy(Protocol):
    """A neuron whose time step is written in NumPy."""

    def start(self, size: int, precision: str) -> State:
        """State of `size` neurons when a sample begins, in `float32` or `float64`."""
        ...

    def step(self, state: State, drive: Vector, bias: Vector, nudge: Vector) -> Vector:
        """One time step of all neurons; `state` changes in place.

        Returns:
            Spikes, 0 or 1, (neurons,), in the precision of the state.
        """
        ...


@dataclass(frozen=True)
class NeuronText:
    """A neuron model in Brian2's language.

    Its statements may use `drive`, `bias`, `v` (volt), `spike` (no unit) and, where it is nudged, `nudge` (volt).
    One volt is the model's unit. Each line is evaluated as written, so it adds in the order of the step in NumPy.

    Attributes:
        state: equations of the state variables beyond those, with their units.
        step: statements of one time step, before the threshold; they set `spike` and `drive` to 0.
        threshold, reset: condition of a spike and what it does; the reset also sets `spike` to 1.
        onset: statements that start a sample.
        parameters: names in the statements and their values; without unit or, where `volts` names them, in volts.
        volts: names of the parameters that are potentials.
    """

    state: str
    step: str
    threshold: str
    reset: str
    onset: str
    parameters: dict[str, float]
    volts: tuple[str, ...]


@runtime_checkable
class WrittenForBrian2(Protocol):
    """A neuron that Brian2 can run."""

    def brian2_text(self, nudged: bool) -> NeuronText:
        """The model as text; with `nudged`, its drive includes the variable `nudge`."""
        ...


class AnyRateNeuron(Protocol):
    """A neuron of a rate-based network: its state, the rate it sends, and how a step changes them.

    Legend: `s` state, `v` rate, `d` drive with bias, `n` nudge.
    """

    @property
    def kind(self) -> str:
        """Name in a model's `neuron` section."""
        ...

    @property
    def initial(self) -> float:
        """s of every free neuron at the start of each sample."""
        ...

    @property
    def sends_bits(self) -> bool:
        """Whether v is 0 or 1."""
        ...

    def value(self, state: Vector) -> Vector:
        """v of a state, as a new array."""
        ...

    def updated(self, state: Vector, drive: Vector, nudge: Any, inside: bool) -> Vector:
        """The new state; `inside`: the nudge is part of the drive, else it is added to the rate."""
        ...

    def brian2_value(self) -> str:
        """v of the state `s` as Brian2 text."""
        ...

    def brian2_update(self, drive: str, nudge: str, inside: bool) -> str:
        """The new state as a Brian2 expression of the state `s`, a drive and a nudge."""
        ...

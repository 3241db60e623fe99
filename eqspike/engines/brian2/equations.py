"""What a neuron does in one time step, as Brian2 text: the twins of `core.neurons`.

The models are maps, not differential equations, so the text of a step is run regularly instead of integrated.
Each line is evaluated as written, in the order and with the parentheses of the fast engine, which makes every
membrane potential equal to the last bit. Potentials, weights and nudges are in volts: one volt is the model's
unit, so that no conversion rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.neurons import CurrentBased, Neuron, SigmaDelta

STEP_MS = 1.0
"""Length of a time step in milliseconds: gives the model's time constants a unit and changes no result."""

COMMON_STATE = """
drive : volt
bias : volt
v : volt
spike : 1
"""


@dataclass(frozen=True)
class NeuronText:
    """A neuron model in Brian2's language.

    Attributes:
        state: equations of the state variables beyond `COMMON_STATE`, with their units.
        step: statements of one time step, before the threshold.
        threshold, reset: condition of a spike and what it does; the reset also marks the spike.
        onset: statements that start a sample.
        parameters: names in the statements and their values; dimensionless or, where `volts` names them, in volts.
        volts: names of the parameters that are potentials.
    """

    state: str
    step: str
    threshold: str
    reset: str
    onset: str
    parameters: dict[str, float]
    volts: tuple[str, ...]


def neuron_text(neuron: Neuron, nudged: bool) -> NeuronText:
    """Print a neuron model; with `nudged`, its drive includes the variable `nudge`."""
    if isinstance(neuron, SigmaDelta):
        return _sigma_delta(neuron, "(x + nudge)" if nudged else "x")
    return _current_based(neuron, "v += nudge" if nudged else "")


def full_potential(neuron: Neuron) -> float:
    """Membrane potential worth one spike, in volts."""
    return 1.0 if isinstance(neuron, SigmaDelta) else neuron.threshold


def _sigma_delta(neuron: SigmaDelta, drive: str) -> NeuronText:
    return NeuronText(
        state="x : volt\ns : volt\n",
        step=f"""
x += synaptic_filter*((drive + bias) - x)
s += relaxation*({drive} - s)
v += clip(s, 0*volt, 1*volt)
spike = 0
drive = 0*volt
""",
        threshold="v >= 1*volt",
        reset="v -= 1*volt\nspike = 1",
        onset="x = 0*volt\ns = 0*volt\nv = initial_potential\nspike = 0\ndrive = 0*volt",
        parameters={
            "synaptic_filter": neuron.synaptic_filter,
            "relaxation": neuron.relaxation,
            "initial_potential": neuron.initial_potential,
        },
        volts=("initial_potential",),
    )


def _current_based(neuron: CurrentBased, nudge: str) -> NeuronText:
    return NeuronText(
        state="u : volt\n",
        step=f"""
u *= keep_current
u += drive
v *= keep_voltage
v += u
v += bias
{nudge}
spike = 0
drive = 0*volt
""",
        threshold="v > firing_threshold",
        reset="v = 0*volt\nspike = 1",
        onset="u = 0*volt\nv = 0*volt\nspike = 0\ndrive = 0*volt",
        parameters={
            "keep_current": 1 - neuron.current_decay,
            "keep_voltage": 1 - neuron.voltage_decay,
            "firing_threshold": neuron.threshold,
        },
        volts=("firing_threshold",),
    )

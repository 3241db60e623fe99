"""What every neuron has in Brian2; the rest of its text it brings itself (`core.neurons`).

The models are maps, not differential equations, so the text of a step is run regularly instead of integrated.
Each line is evaluated as written, in the order and with the parentheses of the fast engine, which makes every
membrane potential equal to the last bit. Potentials, weights and nudges are in volts: one volt is the model's
unit, so that no conversion rounds.
"""

from __future__ import annotations

from eqspike.core.errors import UnsupportedError
from eqspike.core.neurons import Neuron, NeuronText, WrittenForBrian2

STEP_MS = 1.0
"""Length of a time step in milliseconds: gives the model's time constants a unit and changes no result."""

COMMON_STATE = """
drive : volt
bias : volt
v : volt
spike : 1
"""


def neuron_text(neuron: Neuron, nudged: bool) -> NeuronText:
    """A neuron model's own text; with `nudged`, its drive includes the variable `nudge`.

    A text that a class inherits says nothing of what the class adds, so it does not count.

    Raises:
        UnsupportedError: for a neuron that brings none.
    """
    if not isinstance(neuron, WrittenForBrian2) or "brian2_text" not in vars(type(neuron)):
        raise UnsupportedError(
            f"engine 'brian2' runs neurons that bring their text (`brian2_text`), got neuron.kind {neuron.kind}, "
            "which has none"
        )
    return neuron.brian2_text(nudged)

"""Rate neurons, binary neurons and their messages (`core.messages`) as Brian2 text.

Drives are in volts, rates have no unit, and 1 V of drive is 1 of the activation's argument. A message is a Brian2
event: the neuron fires, each of its synapses adds weight times change to the drive it ends in, and the reset notes
what was sent.
"""

from __future__ import annotations

from eqspike.rules.readings import StepField
from eqspike.systems import RateSystem

INPUT_STATE = """
v : 1
q : 1
old : 1
theta = 0 : 1
"""
"""The clamped layer: its rates, and what it has sent of them."""

NEURON_STATE = """
a : volt
bias : volt
s : 1
q : 1
old : 1
target : 1
beta : 1 (shared)
theta : 1 (shared)
running : 1 (shared)
bias_pace : volt (shared)
nudge = beta*(target - s) : 1
v = {value} : 1
"""
"""a: drive added up; s: state; v: rate; q: what was last sent, old: before the step; bias_pace: see `Lesson`."""

THRESHOLD, RESET, REMEMBER = "abs(v - q) > theta", "q = v", "old = q"

DELIVERY = "a_post += w*(v_pre - q_pre)"
"""Acts before `RESET`, so that the difference is the message."""

SYNAPSE_STATE = """
w : volt
pace : volt (shared)
"""

LEARN_BIAS = "bias += bias_pace*(q - old)"
LEARN_PRODUCT = "w += pace*(q_post*q_pre - old_post*old_pre)"
LEARN_RECEIVER = "w += pace*(q_post - old_post)*old_pre"
"""Changes after each nudged step (`rules.continual`): of C-EP, and of each direction of C-VF."""


def update_text(system: RateSystem) -> str:
    """The new state of each neuron; where `running` is 0, the old one."""
    new = system.neuron.brian2_update("(a + bias)/volt", "nudge", system.dynamics.nudge == "inside")
    return f"s = running*({new}) + (1 - running)*s"


def learning_text(system: RateSystem) -> str:
    """The change of a synapse after each nudged step, `_pre` being the sender."""
    of_receiver = isinstance(system.rule.reading, StepField)
    return LEARN_RECEIVER if of_receiver else LEARN_PRODUCT

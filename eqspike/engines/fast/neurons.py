"""One time step of every free neuron: the compiled twins of `core.neurons` and of the rule's traces."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eqspike.core.local_rule import LocalRule
from eqspike.core.neurons import Neuron, SigmaDelta
from eqspike.engines.fast.compilation import inlined
from eqspike.engines.fast.layout import Floats

SIGMA_DELTA = 0
CURRENT_BASED = 1


class Dynamics(NamedTuple):
    """Neuron and trace parameters in the working precision (a float64 scalar would widen every sum).

    Attributes:
        kind: `SIGMA_DELTA` or `CURRENT_BASED`.
        constants: (2,) zero and one.
        parameters: (3,) synaptic_filter, relaxation, unused; or 1 - current_decay, 1 - voltage_decay, threshold.
        initial_potential: (1,).
        trace_gains: (2,) 1 / tau of the fast and the slow trace.
        derivative: (2,) coefficient of each trace in the rule.
        target_rate: (1,).
    """

    kind: int
    constants: Floats
    parameters: Floats
    initial_potential: Floats
    trace_gains: Floats
    derivative: Floats
    target_rate: Floats


def make_dynamics(neuron: Neuron, rule: LocalRule, target_rate: float, precision: str) -> Dynamics:
    """Print a neuron and a local rule for the kernels."""
    if isinstance(neuron, SigmaDelta):
        kind, start = SIGMA_DELTA, neuron.initial_potential
        parameters = [neuron.synaptic_filter, neuron.relaxation, 0.0]
    else:
        kind, start = CURRENT_BASED, 0.0
        parameters = [1 - neuron.current_decay, 1 - neuron.voltage_decay, neuron.threshold]
    return Dynamics(
        kind,
        np.array([0, 1], precision),
        np.array(parameters, precision),
        np.array([start], precision),
        np.array([1 / trace.tau for trace in rule.traces], precision),
        np.array(rule.coefficients("pre"), precision),
        np.array([target_rate], precision),
    )


@inlined
def advance_sigma_delta(drive: Any, bias: Any, state: Any, dynamics: Any) -> None:
    """x, s, V and S of all neurons, as in `core.neurons.SigmaDelta`."""
    zero, one = dynamics.constants[0], dynamics.constants[1]
    synaptic_filter, relaxation = dynamics.parameters[0], dynamics.parameters[1]
    filtered, relaxed, potential = state.filtered, state.relaxed, state.potential
    spikes, nudge = state.spikes, state.nudge
    for i in range(drive.shape[0]):
        x = filtered[i] + synaptic_filter * ((drive[i] + bias[i]) - filtered[i])
        s = relaxed[i] + relaxation * ((x + nudge[i]) - relaxed[i])
        filtered[i] = x
        relaxed[i] = s
        above = s if s > zero else zero
        clipped = above if above < one else one
        v = potential[i] + clipped
        spike = one if v >= one else zero
        spikes[i] = spike
        potential[i] = v - spike


@inlined
def advance_current_based(drive: Any, bias: Any, state: Any, dynamics: Any) -> None:
    """u, V and S of all neurons, as in `core.neurons.CurrentBased`."""
    zero, one = dynamics.constants[0], dynamics.constants[1]
    keep_current, keep_voltage = dynamics.parameters[0], dynamics.parameters[1]
    threshold = dynamics.parameters[2]
    current, potential = state.filtered, state.potential
    spikes, nudge = state.spikes, state.nudge
    for i in range(drive.shape[0]):
        u = current[i] * keep_current + drive[i]
        current[i] = u
        v = ((potential[i] * keep_voltage + u) + bias[i]) + nudge[i]
        spikes[i] = one if v > threshold else zero
        potential[i] = zero if v > threshold else v


@inlined
def advance_traces(state: Any, dynamics: Any) -> None:
    """Both traces of all neurons; they include this step's spike."""
    gain_fast, gain_slow = dynamics.trace_gains[0], dynamics.trace_gains[1]
    fast, slow, spikes = state.fast, state.slow, state.spikes
    for i in range(spikes.shape[0]):
        fast[i] += gain_fast * (spikes[i] - fast[i])
        slow[i] += gain_slow * (spikes[i] - slow[i])


@inlined
def rate_derivative(state: Any, dynamics: Any, derivative: Any) -> None:
    """The rule's combination of both traces, for all neurons."""
    of_fast, of_slow = dynamics.derivative[0], dynamics.derivative[1]
    fast, slow = state.fast, state.slow
    for i in range(derivative.shape[0]):
        derivative[i] = of_fast * fast[i] + of_slow * slow[i]


@inlined
def set_nudge(state: Any, first_output: Any, outputs: Any, label: Any, beta: Any, dynamics: Any) -> None:
    """beta (y - r) for each output neuron, r being its fast trace."""
    for i in range(outputs):
        target = dynamics.target_rate[0] if i == label else dynamics.constants[0]
        state.nudge[first_output + i] = beta * (target - state.fast[first_output + i])


@inlined
def reset_state(state: Any, dynamics: Any) -> None:
    """State at the start of a sample."""
    state.filtered[:] = 0
    state.relaxed[:] = 0
    state.potential[:] = dynamics.initial_potential[0]
    state.fast[:] = 0
    state.slow[:] = 0
    state.spikes[:] = 0
    state.nudge[:] = 0
    state.spiking_count[:] = 0


@inlined
def list_spiking(state: Any, layout: Any) -> None:
    """List, per layer, the neurons that spiked. Free of branches on purpose."""
    spikes, spiking = state.spikes, state.spiking
    for layer in range(1, layout.sizes.shape[0]):
        start = layout.starts[layer]
        place = start
        for i in range(layout.sizes[layer]):
            spiking[place] = i
            place += np.int64(spikes[start + i])
        state.spiking_count[layer] = place - start

"""One time step of every free neuron: the compiled twins of `core.neurons` and of the rule's traces."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eqspike.core.local_rule import LocalRule
from eqspike.core.neurons import CurrentBased, Neuron, SigmaDelta
from eqspike.core.neurons.twins import no_twin
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
        initial_potential: (1,); full_potential: (1,) membrane potential worth one spike.
        trace_gains: (2,) 1 / tau of the fast and the slow trace.
        derivative: (2,) coefficient of each trace in the rule.
        target_rate: (1,).
    """

    kind: int
    constants: Floats
    parameters: Floats
    initial_potential: Floats
    full_potential: Floats
    trace_gains: Floats
    derivative: Floats
    target_rate: Floats


def make_dynamics(neuron: Neuron, rule: LocalRule, target_rate: float, precision: str) -> Dynamics:
    """A neuron and a local rule as the kernels know them.

    Raises:
        UnsupportedError: for a neuron without a compiled twin.
    """
    if type(neuron) is SigmaDelta:
        kind, start = SIGMA_DELTA, neuron.initial_potential
        parameters = [neuron.synaptic_filter, neuron.relaxation, 0.0]
    elif type(neuron) is CurrentBased:
        kind, start = CURRENT_BASED, 0.0
        parameters = [1 - neuron.current_decay, 1 - neuron.voltage_decay, neuron.threshold]
    else:
        raise no_twin("engine 'fast'", neuron, (SigmaDelta, CurrentBased))
    return Dynamics(
        kind,
        np.array([0, 1], precision),
        np.array(parameters, precision),
        np.array([start], precision),
        np.array([neuron.full_potential], precision),
        np.array([1 / trace.tau for trace in rule.traces], precision),
        np.array(rule.coefficients("pre"), precision),
        np.array([target_rate], precision),
    )


@inlined
def advance_sigma_delta(
    drive: Any, bias: Any, nudge: Any, filtered: Any, relaxed: Any, potential: Any, spikes: Any,
    constants: Any, parameters: Any,
) -> None:  # fmt: skip
    """x, s, V and S of all neurons, as in `core.neurons.SigmaDelta`."""
    zero, one = constants[0], constants[1]
    synaptic_filter, relaxation = parameters[0], parameters[1]
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
def advance_current_based(
    drive: Any, bias: Any, nudge: Any, current: Any, potential: Any, spikes: Any, constants: Any,
    parameters: Any,
) -> None:  # fmt: skip
    """u, V and S of all neurons, as in `core.neurons.CurrentBased`."""
    zero, one = constants[0], constants[1]
    keep_current, keep_voltage, threshold = parameters[0], parameters[1], parameters[2]
    for i in range(drive.shape[0]):
        u = current[i] * keep_current + drive[i]
        current[i] = u
        v = ((potential[i] * keep_voltage + u) + bias[i]) + nudge[i]
        spikes[i] = one if v > threshold else zero
        potential[i] = zero if v > threshold else v


@inlined
def advance_traces(fast: Any, slow: Any, spikes: Any, gains: Any) -> None:
    """Both traces of all neurons; they include this step's spike."""
    gain_fast, gain_slow = gains[0], gains[1]
    for i in range(spikes.shape[0]):
        fast[i] += gain_fast * (spikes[i] - fast[i])
        slow[i] += gain_slow * (spikes[i] - slow[i])


@inlined
def rate_derivative(fast: Any, slow: Any, coefficients: Any, derivative: Any) -> None:
    """The rule's combination of both traces, for all neurons."""
    of_fast, of_slow = coefficients[0], coefficients[1]
    for i in range(derivative.shape[0]):
        derivative[i] = of_fast * fast[i] + of_slow * slow[i]


@inlined
def set_nudge(nudge: Any, fast: Any, label: Any, beta: Any, target: Any, zero: Any) -> None:
    """beta (y - r) for the output neurons, r being their fast trace; arguments are (outputs,) views."""
    for i in range(nudge.shape[0]):
        wanted = target if i == label else zero
        nudge[i] = beta * (wanted - fast[i])


@inlined
def list_spiking(spikes: Any, spiking: Any, counts: Any, sizes: Any, starts: Any) -> None:
    """List, per layer, the neurons that spiked. Free of branches and of signed indices: both cost time here."""
    for layer in range(1, sizes.shape[0]):
        start = np.uint64(starts[layer])
        place = start
        for i in range(np.uint64(sizes[layer])):
            spiking[place] = i
            place += np.uint64(spikes[start + i] > 0)
        counts[layer] = place - start

"""One time step of every free neuron: the compiled twins of `core.neurons` and of the rule's traces."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eqspike.core.local_rule import LocalRule, Side
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
        trace_gains: (traces,) 1 / tau.
        coefficients: (1 or 2, traces) of each trace where the presynaptic, and where the postsynaptic side spikes;
            one row serves both where they are equal.
        rate_trace: place of the trace that estimates an output's rate; target_rate: (1,).
    """

    kind: int
    constants: Floats
    parameters: Floats
    initial_potential: Floats
    full_potential: Floats
    trace_gains: Floats
    coefficients: Floats
    rate_trace: int
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
    sides: tuple[Side, ...] = ("pre",) if rule.symmetric else ("pre", "post")
    return Dynamics(
        kind,
        np.array([0, 1], precision),
        np.array(parameters, precision),
        np.array([start], precision),
        np.array([neuron.full_potential], precision),
        np.array([1 / trace.tau for trace in rule.traces], precision),
        np.array([rule.coefficients(side) for side in sides], precision),
        rule.rate_trace,
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
def advance_traces(traces: Any, spikes: Any, gains: Any) -> None:
    """All traces (traces, neurons); they include this step's spike."""
    for k in range(gains.shape[0]):
        trace, gain = traces[k], gains[k]
        for i in range(spikes.shape[0]):
            trace[i] += gain * (spikes[i] - trace[i])


@inlined
def combine_traces(traces: Any, coefficients: Any, turn: Any, combined: Any) -> None:
    """What a spike of the other side asks for: the rule's combination of the traces, times `turn`, 1 or -1."""
    first, of_first = traces[0], turn * coefficients[0]
    for i in range(combined.shape[0]):
        combined[i] = of_first * first[i]
    for k in range(1, coefficients.shape[0]):
        trace, of_trace = traces[k], turn * coefficients[k]
        for i in range(combined.shape[0]):
            combined[i] += of_trace * trace[i]


@inlined
def set_nudge(nudge: Any, rate: Any, label: Any, beta: Any, target: Any, zero: Any) -> None:
    """beta (y - r) for the output neurons, r being their rates by a trace; arguments are (outputs,) views."""
    for i in range(nudge.shape[0]):
        wanted = target if i == label else zero
        nudge[i] = beta * (wanted - rate[i])


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

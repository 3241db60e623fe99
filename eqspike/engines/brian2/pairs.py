"""A local rule at isolated synapses between two sets of prescribed spike trains: the pair protocol of STDP."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, Network, NeuronGroup, Synapses, TimedArray, ms
from numpy.typing import NDArray

from eqspike.core.local_rule import LocalRule
from eqspike.engines.brian2.equations import STEP_MS
from eqspike.engines.brian2.preferences import engine_at_work
from eqspike.engines.brian2.printing import SCHEDULE
from eqspike.engines.brian2.rule_text import on_spike, rule_parameters, trace_state, trace_step
from eqspike.engines.brian2.targets import NUMPY, Target


def summed_change(
    rule: LocalRule, pre: NDArray[np.float64], post: NDArray[np.float64], target: Target = NUMPY
) -> NDArray[np.float64]:
    """Weight change over all steps (beta = 1), one synapse a pair of trains.

    Args:
        rule: the rule; pre, post: spikes (steps, ...), 0 or 1.

    Returns:
        Changes, of shape (...).
    """
    steps, shape = len(pre), pre.shape[1:]
    with engine_at_work(target):
        clock = Clock(dt=STEP_MS * ms)
        sides = [_group(rule, spikes.reshape(steps, -1), clock) for spikes in (pre, post)]
        synapses = Synapses(
            *sides,
            "change : 1",
            on_pre={"from_pre": _statement(rule, "pre")},
            on_post={"from_post": _statement(rule, "post")},
            namespace=rule_parameters(rule),
            clock=clock,
        )
        synapses.connect(j="i")
        for pathway in (synapses.from_pre, synapses.from_post):
            pathway.when = "learning"
        network = Network([*sides, synapses])
        network.schedule = list(SCHEDULE)
        network.run(steps * STEP_MS * ms, namespace={})
        return np.array(synapses.change[:]).reshape(shape)


def _group(rule: LocalRule, spikes: NDArray[np.float64], clock: Any) -> Any:
    """Neurons that spike as prescribed and keep the rule's traces, this step's spike included."""
    trains = TimedArray(spikes, dt=STEP_MS * ms)
    group = NeuronGroup(
        spikes.shape[1],
        "spike : 1\n" + trace_state(rule),
        threshold="spike > 0",
        reset="",
        namespace={"trains": trains, **rule_parameters(rule)},
        clock=clock,
    )
    group.run_regularly("spike = trains(t, i)", clock=clock, when="groups")
    group.run_regularly(trace_step(rule), clock=clock, when="traces")
    return group


def _statement(rule: LocalRule, spike: Any) -> str:
    """The engine's own statement, without the factor that gates phases and divides by beta."""
    return on_spike(rule, spike).replace("gain(t)*", "")

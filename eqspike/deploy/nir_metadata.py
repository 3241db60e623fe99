"""What a NIR graph has no node for, as its metadata: rule, phases, encoder, read-out, time step and origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eqspike.core.version import package_version
from eqspike.memory import Fixed
from eqspike.systems import System

FORMAT = 1

_UNITS = {
    "time": "seconds; rates and traces are in spikes per time step",
    "potential": "the unit of v_threshold; weights, biases and currents have it too",
    "input": "spikes (0 or 1) of a time step, or currents if the encoder is constant-current",
}
_DYNAMICS = (
    "One Euler step of CubaLIF: the current first, then the membrane with the new current; a spike where "
    "v > v_threshold, then v = 0. The input acts in the step in which it is sent, a spike of a neuron in the next "
    "step. All states are zero before the first step of a sample."
)
_BIAS = {
    "population": (
        "The input has two channels behind those of the input layer: clock spikes in every step, start in the "
        "first step of a sample only."
    ),
    "layers": "v_leak is bias / voltage_decay.",
}
_NUDGE = "n = beta (y - r) is added to v of the output layer; y: target_rate or 0, r: fast trace"
_TRACES = "trace <- trace + (S - trace) / tau, per step, S = 1 in the step of a spike"


def describe(
    system: System, form: str, step_seconds: float, origin: Mapping[str, str]
) -> dict[str, Any]:
    """Nested mapping of texts and numbers that NIR can store.

    Args:
        form: of the graph; step_seconds: length of a time step.
        origin: where the weights come from, such as model, task, seed and the run's configuration.
    """
    rule = system.rule
    return {
        "format": FORMAT,
        "form": form,
        "time_step_s": step_seconds,
        "units": dict(_UNITS),
        "dynamics": {"step": _DYNAMICS, "bias": _BIAS[form], **vars(system.neuron)},
        "layers": {layer.name: layer.size for layer in system.network},
        "encoder": {**asdict(system.encoder), "full_scale": system.encoder.full_scale},
        "phases": {phase.name: phase.steps for phase in rule.phases},
        "nudge": {
            "equation": _NUDGE,
            "beta": rule.beta,
            "beta_sign": rule.beta_sign,
            "target_rate": rule.target_rate,
        },
        "readout": {
            "steps": rule.readout_steps,
            "score": _readout(rule.readout_steps),
        },
        "learning": _learning(system),
        "origin": {"eqspike": package_version(), **origin},
    }


def _readout(steps: int) -> str:
    return (
        f"spikes of an output neuron in the last {steps} steps of the free phase, plus "
        "min(max(v / v_threshold, 0), 1) at its end; the largest score is the class"
    )


def _learning(system: System) -> dict[str, Any]:
    rule, memory = system.rule, system.memory
    names = [coupling.name for coupling in system.network.couplings]
    return {
        "rule": rule.local_rule.as_text(),
        "phase": "nudged",
        "update": "online" if rule.online else "batch",
        "traces": {"equation": _TRACES, **{t.name: t.tau for t in rule.local_rule.traces}},
        "coefficients": {
            f"{product.spike}_spike*{product.trace_side}_{product.trace}": product.coefficient
            for product in rule.local_rule.products
        },
        "learning_rates": dict(zip(names, system.learning_rates, strict=True)),
        "memory": f"fixed, {memory.bits} bits, {memory.rounding}, ranges "
        + ", ".join(f"{value!r}" for value in memory.ranges)
        if type(memory) is Fixed
        else memory.kind,
        "precision": system.precision,
    }

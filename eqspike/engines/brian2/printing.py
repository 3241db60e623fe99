"""The layers and couplings of a system as Brian2 text: what the engine builds and the exported script shows."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.network import Coupling, Layer
from eqspike.engines.brian2.equations import COMMON_STATE, NUDGE, neuron_text
from eqspike.engines.brian2.rule_text import (
    CHANGE,
    bias_step,
    on_spike,
    rule_parameters,
    trace_onset,
    trace_state,
    trace_step,
)
from eqspike.engines.protocol import System

SCHEDULE = (
    "start", "delivery", "onset", "inputs", "synapses", "groups", "thresholds", "resets", "traces",
    "learning", "end",
)  # fmt: skip

INPUT_STATE = "sent : 1"
INPUT_STEP = "sent = stimulus(t, i)"
INPUT_THRESHOLD = "sent > 0"
INPUT_EVENTS = {"learning": "sent > 0 and learns(t) > 0"}


@dataclass(frozen=True)
class LayerText:
    """A free layer.

    Attributes:
        state: equations; threshold, reset: of a spike; events: conditions of further events.
        steps: statements run in each step, by slot; onset: statements that start a sample.
        parameters: names and values; volts: which of them are potentials.
    """

    state: str
    threshold: str
    reset: str
    events: dict[str, str]
    steps: dict[str, str]
    onset: str
    parameters: dict[str, float]
    volts: tuple[str, ...]


@dataclass(frozen=True)
class SynapseText:
    """A coupling: one weight `w` a synapse, whatever the number of directions.

    Attributes:
        state: equations.
        on_pre, on_post: statements by pathway; events: event that triggers each pathway; slots: when it acts.
        parameters: names and values.
    """

    state: str
    on_pre: dict[str, str]
    on_post: dict[str, str]
    events: dict[str, str]
    slots: dict[str, str]
    parameters: dict[str, float]


def layer_text(system: System, layer: Layer, learns: bool) -> LayerText:
    """Print a free layer; without `learns`, for a free phase without traces."""
    nudged = learns and layer is system.network.output
    neuron, rule = neuron_text(system.neuron, nudged), system.rule.local_rule
    plain = LayerText(
        COMMON_STATE + neuron.state,
        neuron.threshold,
        neuron.reset,
        {},
        {"groups": neuron.step},
        neuron.onset,
        neuron.parameters,
        neuron.volts,
    )
    if not learns:
        return plain
    return LayerText(
        plain.state + trace_state(rule) + (NUDGE if nudged else ""),
        plain.threshold,
        plain.reset,
        {"learning": "spike > 0 and learns(t) > 0"},
        {**plain.steps, "traces": trace_step(rule), "learning": bias_step(rule)},
        f"{plain.onset}\n{trace_onset(rule)}",
        {**plain.parameters, **rule_parameters(rule)},
        plain.volts,
    )


def synapse_text(system: System, coupling: Coupling, learns: bool) -> SynapseText:
    """Print a coupling; without `learns`, for a free phase alone."""
    rule = system.rule.local_rule
    current = "" if coupling.bidirectional or system.encoder.spikes else "sent_pre"
    on_pre = {"forward": f"drive_post += {current}*w" if current else "drive_post += w"}
    on_post = {"backward": "drive_pre += w"} if coupling.bidirectional else {}
    events = dict.fromkeys([*on_pre, *on_post], "spike")
    slots = dict.fromkeys(events, "delivery" if coupling.bidirectional else "synapses")
    if not learns:
        return SynapseText("w : volt\n", on_pre, on_post, events, slots, {})
    on_pre["learn_from_pre"] = on_spike(rule, "pre", current)
    if coupling.bidirectional:
        on_post["learn_from_post"] = on_spike(rule, "post")
    for pathway in (*on_pre, *on_post):
        if pathway not in events:
            events[pathway] = slots[pathway] = "learning"
    return SynapseText("w : volt\n" + CHANGE, on_pre, on_post, events, slots, rule_parameters(rule))

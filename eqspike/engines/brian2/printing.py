"""The layers and couplings of a system as Brian2 text: what the engine builds and the exported script shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from eqspike.core.network import Coupling, Layer
from eqspike.core.phases import total_steps
from eqspike.engines.brian2.equations import COMMON_STATE, neuron_text
from eqspike.engines.brian2.online_text import (
    BIAS_WRITTEN,
    REACHED,
    WRITTEN,
    Place,
    bias_write,
    count_reached,
    synapse_write,
)
from eqspike.engines.brian2.rule_text import (
    BIAS_CHANGE,
    BIAS_ONSET,
    CHANGE,
    bias_step,
    nudge_text,
    on_spike,
    rule_parameters,
    trace_onset,
    trace_state,
    trace_step,
)
from eqspike.memory import Ideal
from eqspike.rules.protocol import Rule
from eqspike.systems import System

SCHEDULE = (
    "start", "delivery", "onset", "inputs", "synapses", "groups", "thresholds", "resets", "traces",
    "learning", "end",
)  # fmt: skip

INPUT_STATE = "sent : 1"
INPUT_STEP = "sent = stimulus(t, i)"
INPUT_THRESHOLD = "sent > 0"
INPUT_EVENTS = {"learning": "sent > 0 and learns(t) > 0"}


class Mode(Enum):
    """What a circuit simulates.

    READ_OUT: the first phase alone, without traces. BATCH: all phases, with changes summed until the batch is
    complete. ONLINE: all phases, each event changing its weights at once.
    """

    READ_OUT = "read-out"
    BATCH = "batch"
    ONLINE = "online"

    @property
    def learns(self) -> bool:
        """Whether there are nudged phases, with traces and the rule."""
        return self is not Mode.READ_OUT

    def period(self, rule: Rule) -> int:
        """Time steps of one sample."""
        return total_steps(rule.phases if self.learns else rule.phases[:1])


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


def layer_text(system: System, layer: Layer, mode: Mode) -> LayerText:
    """Print a free layer."""
    nudged = mode.learns and layer is system.network.output
    neuron, rule = neuron_text(system.neuron, nudged), system.rule.reading.rule
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
    if not mode.learns:
        return plain
    if mode is Mode.ONLINE:
        state, onset = BIAS_WRITTEN, ""
        learning = bias_write(rule, Place(layer.name, Ideal(), 0))
    else:
        state, onset, learning = BIAS_CHANGE, BIAS_ONSET, bias_step(rule)
    return LayerText(
        plain.state + trace_state(rule) + state + (nudge_text(rule) if nudged else ""),
        plain.threshold,
        plain.reset,
        {"learning": "spike > 0 and learns(t) > 0"},
        {**plain.steps, "traces": trace_step(rule), "learning": learning},
        f"{plain.onset}\n{trace_onset(rule)}\n{onset}",
        {**plain.parameters, **rule_parameters(rule)},
        plain.volts,
    )


def synapse_text(system: System, coupling: Coupling, mode: Mode) -> SynapseText:
    """Print a coupling."""
    current = "" if coupling.bidirectional or system.encoder.spikes else "sent_pre"
    on_pre = {"forward": f"drive_post += {current}*w" if current else "drive_post += w"}
    on_post = {"backward": "drive_pre += w"} if coupling.bidirectional else {}
    events = dict.fromkeys([*on_pre, *on_post], "spike")
    slots = dict.fromkeys(events, "delivery" if coupling.bidirectional else "synapses")
    text = SynapseText("w : volt\n", on_pre, on_post, events, slots, {})
    if mode is Mode.BATCH:
        return _batch(system, coupling, text, current)
    return _online(system, coupling, text) if mode is Mode.ONLINE else text


def _batch(system: System, coupling: Coupling, text: SynapseText, current: str) -> SynapseText:
    """The rule's changes are summed, to be written at the end of the batch."""
    rule = system.rule.reading.rule
    on_pre = {"learn_from_pre": on_spike(rule, "pre", current)}
    on_post = {"learn_from_post": on_spike(rule, "post")} if coupling.bidirectional else {}
    return _learning(text, CHANGE, on_pre, on_post, rule_parameters(rule))


def _online(system: System, coupling: Coupling, text: SynapseText) -> SynapseText:
    """The rule's changes are written at once, and deliveries are counted with the weight of the moment."""
    rule, network = system.rule.reading.rule, system.network
    place = Place(coupling.post.name, system.memory, network.couplings.index(coupling))
    on_pre = {"learn_from_pre": synapse_write(rule, "pre", place)}
    if not coupling.bidirectional:
        text.on_pre["forward"] += f"\n{count_reached('ahead')}"
        return _learning(text, WRITTEN + REACHED, on_pre, {}, rule_parameters(rule))
    on_post = {"learn_from_post": synapse_write(rule, "post", place)}
    learning = _learning(text, WRITTEN + REACHED, on_pre, on_post, rule_parameters(rule))
    # This step's spikes will be delivered in the next one, by the weights that learning has just left.
    learning.on_pre["reach_ahead"] = count_reached("ahead")
    learning.on_post["reach_back"] = count_reached("back")
    for pathway in ("reach_ahead", "reach_back"):
        learning.events[pathway], learning.slots[pathway] = "spike", "end"
    return learning


def _learning(
    text: SynapseText, state: str, on_pre: dict[str, str], on_post: dict[str, str],
    parameters: dict[str, float],
) -> SynapseText:  # fmt: skip
    """Add state, parameters and pathways that act in the slot and on the event named `learning`."""
    pathways = dict.fromkeys([*on_pre, *on_post], "learning")
    return SynapseText(
        text.state + state,
        {**text.on_pre, **on_pre},
        {**text.on_post, **on_post},
        {**text.events, **pathways},
        {**text.slots, **pathways},
        parameters,
    )

"""A stand-alone Brian2 script of one sample, for readers and machines that do not have eqspike.

It is printed from the texts the engine runs (`printing`), so it spikes alike.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import UnsupportedError
from eqspike.core.files import write_together
from eqspike.core.grid import snap
from eqspike.core.learner import Arrays, Keys
from eqspike.core.network import Coupling, Layer
from eqspike.core.phases import total_steps
from eqspike.core.showing import docstring_text
from eqspike.engines.brian2.equations import STEP_MS, neuron_text
from eqspike.engines.brian2.printing import (
    INPUT_EVENTS,
    INPUT_STATE,
    INPUT_STEP,
    INPUT_THRESHOLD,
    SCHEDULE,
    Mode,
    layer_text,
    synapse_text,
)
from eqspike.engines.brian2.rule_text import rule_parameters
from eqspike.systems import System
from eqspike.systems.weights import nudge_strengths

_HEAD = '''"""{title}

One sample through the free and the nudged phase, in Brian2; needs Brian2 and NumPy only. The input
and the weights are in {data}. Run it with `python {name}`; given the name of a file, it
also saves all spikes and the weight changes asked for there, in NumPy's .npz format.

Potentials and weights are in units of the firing threshold, written as volts. A time step is {step:g} ms.
"""

import sys
from pathlib import Path

import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms, prefs, volt

# Expressions are evaluated as written: rearranged, they would round differently.
prefs.codegen.target = "numpy"
prefs.codegen.loop_invariant_optimisations = False

data = np.load(Path(__file__).resolve().with_name("{data}"))
step = {step:g} * ms
clock = Clock(dt=step)

# The world and the teacher, as functions of time
free_steps, nudged_steps = {free}, {nudged}
strength = {beta!r}  # of the nudge; its sign is drawn for each sample
wanted = np.zeros({outputs})
wanted[{label}] = {rate!r}  # spikes per step asked of the right output
in_nudged_phase = np.arange(free_steps + nudged_steps) >= free_steps
stimulus = TimedArray(data["stimulus"], dt=step)
target = TimedArray(np.tile(wanted, (free_steps + nudged_steps, 1)), dt=step)
learns = TimedArray(in_nudged_phase.astype(float), dt=step)
beta = TimedArray(np.where(in_nudged_phase, strength, 0.0) * volt, dt=step)
gain = TimedArray(np.where(in_nudged_phase, 1 / strength, 0.0) / volt, dt=step)

# Neuron, traces (gain per step) and learning rule (coefficient of each trace where a side spikes)
neuron = {{
{neuron}}}
rule = {{
{rule}}}
'''

_TAIL = """
# Within a time step: spikes of the last one are delivered, the input sends, neurons advance, spike and
# reset, traces take in the new spikes, and the rule is evaluated where one of these reaches a synapse.
monitors = {{group.name: SpikeMonitor(group, name=group.name + "_spikes") for group in {listened}}}
potentials = StateMonitor({output}, "v", record=True, clock=clock, when="end")
network = Network(groups, synapses, list(monitors.values()), potentials)
network.schedule = [
{schedule}]
network.run((free_steps + nudged_steps) * step)

result = {{}}
for name, monitor in monitors.items():
    steps = np.rint(np.asarray(monitor.t / step)).astype(int)
    result[name + "_step"], result[name + "_neuron"] = steps, np.array(monitor.i[:])
    free = np.count_nonzero(steps < free_steps)
    print(f"{{name}}: {{free}} spikes in the free phase, {{len(steps) - free}} in the nudged phase")
steps, spiking = (result["{output_name}_" + each] for each in ("step", "neuron"))
read = (free_steps - {read} <= steps) & (steps < free_steps)
left = np.asarray(potentials.v[:, free_steps - 1] / volt) / {full!r}  # in the membranes, in spikes
result["scores"] = np.bincount(spiking[read], minlength=len(left)) + np.clip(left, 0, 1)
answer = result["scores"].argmax()
print(f"answer: {{answer}}, label: {{wanted.argmax()}} (most spikes, then the fullest membrane)")
for coupling in synapses:
    change = np.asarray(coupling.change * volt).reshape(data[coupling.name].shape)
    result[coupling.name + "_change"] = change
    print(f"{{coupling.name}}: largest change asked for {{abs(change).max():.6g}}, times the learning rate")
for group in groups[1:]:
    change = np.asarray(group.bias_change * volt)
    result[group.name + "_bias_change"] = change
    print(f"bias of {{group.name}}: largest change asked for {{abs(change).max():.6g}}, times the learning rate")
if len(sys.argv) > 1:
    np.savez(sys.argv[1], **result)
"""


def write_script(
    system: System, weights: Arrays, image: NDArray[np.uint8], label: int, key: int, path: Path,
    title: str,
) -> tuple[Path, Path]:  # fmt: skip
    """Write a script that presents one sample, and its data beside it.

    Args:
        system: what to simulate; weights: stored weights and biases.
        image: levels of the sample, (pixels,); label: its class; key: random stream of the presentation.
        path: file of the script; the data take its stem with `.npz`.
        title: first line of the script.

    Returns:
        Files of the script and of the data.

    Raises:
        UnsupportedError: for a rule of other phases.
    """
    if len(system.rule.phases) != 2:
        raise UnsupportedError(
            f"a script shows one free and one nudged phase, got {len(system.rule.phases)} phases"
        )
    data = path.with_suffix(".npz")
    rule, network = system.rule, system.network
    arrays: Arrays = {"stimulus": system.encoder.encode(image, total_steps(rule.phases), key)}
    for coupling in network.couplings:
        arrays[_coupling_name(coupling)] = snap(weights[coupling.name])
    for layer in network.free_layers:
        arrays[f"{layer.name}_bias"] = snap(weights[f"{layer.name}.bias"])
    keys: Keys = np.array([key], np.uint64)
    head = _HEAD.format(
        title=docstring_text(title), data=data.name, name=path.name, step=STEP_MS, free=rule.phases[0].steps,
        nudged=rule.phases[1].steps, beta=float(nudge_strengths(rule, keys)[0, 1]),
        outputs=network.output.size, label=label, rate=rule.target_rate,
        neuron=_dictionary(_neuron_parameters(system), 4),
        rule=_dictionary({n: repr(v) for n, v in rule_parameters(rule.reading.rule).items()}, 4),
    )  # fmt: skip
    parts = [head, _input(network.input)]
    parts += [_free_layer(system, layer) for layer in network.free_layers]
    parts += [_synapses(system, coupling) for coupling in network.couplings]
    groups = ", ".join(_group_name(layer) for layer in network.layers)
    couplings = ", ".join(_coupling_name(coupling) for coupling in network.couplings)
    parts.append(f"\ngroups = [{groups}]\nsynapses = [{couplings}]\n")
    parts.append(
        _TAIL.format(
            listened="groups" if system.encoder.spikes else "groups[1:]",
            schedule=_indented("\n".join(f'"{slot}",' for slot in SCHEDULE)),
            output=_group_name(network.output), output_name=network.output.name,
            full=system.neuron.full_potential, read=rule.readout_steps,
        )
    )  # fmt: skip
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    files = {path.name: "".join(parts).encode(), data.name: packed.getvalue()}
    script, beside = write_together(path.parent, files)
    return script, beside


def _group_name(layer: Layer) -> str:
    return f"{layer.name}_neurons"


def _coupling_name(coupling: Coupling) -> str:
    return f"{coupling.pre.name}_to_{coupling.post.name}"


def _input(layer: Layer) -> str:
    group = _group_name(layer)
    return f"""
# The input sends what the stimulus says
{group} = NeuronGroup(
    {layer.size},
    "{INPUT_STATE}",
    threshold="{INPUT_THRESHOLD}",
    reset="",
    events={_in_line(INPUT_EVENTS)},
    clock=clock,
    name="{layer.name}",
)
{group}.run_regularly("{INPUT_STEP}", clock=clock, when="inputs", order=-1)
{group}.set_event_schedule("spike", when="inputs")
{group}.set_event_schedule("learning", when="inputs")
"""


def _free_layer(system: System, layer: Layer) -> str:
    text, group = layer_text(system, layer, Mode.BATCH), _group_name(layer)
    steps = "".join(
        f'{group}.run_regularly(\n    """\n{_indented(statements)}    """,\n'
        f'    clock=clock, when="{slot}",\n)\n'
        for slot, statements in text.steps.items()
    )
    start = (
        f'{group}.v = neuron["initial_potential"]\n'
        if "initial_potential" in text.parameters
        else ""
    )
    return f'''
# Layer {layer.name}: {layer.size} neurons
{group} = NeuronGroup(
    {layer.size},
    """
{_indented(text.state)}    """,
    threshold="{text.threshold}",
    reset="{"; ".join(text.reset.splitlines())}",
    events={_in_line(text.events)},
    namespace={{**neuron, **rule}},
    clock=clock,
    name="{layer.name}",
)
{group}.bias = data["{layer.name}_bias"] * volt
{start}{steps}{group}.set_event_schedule("learning", when="traces", order=1)
'''


def _synapses(system: System, coupling: Coupling) -> str:
    text, name = synapse_text(system, coupling, Mode.BATCH), _coupling_name(coupling)
    schedule = "".join(
        f'{name}.{pathway}.when = "{slot}"\n' for pathway, slot in text.slots.items()
    )
    on_post = (
        f"    on_post={{\n{_dictionary(_quoted(text.on_post), 8)}    }},\n" if text.on_post else ""
    )
    return f'''
# {coupling.name}: one weight a synapse{", used in both directions" if coupling.bidirectional else ""}
{name} = Synapses(
    {_group_name(coupling.pre)},
    {_group_name(coupling.post)},
    """
{_indented(text.state)}    """,
    on_pre={{
{_dictionary(_quoted(text.on_pre), 8)}    }},
{on_post}    on_event={{
{_dictionary(_quoted(text.events), 8)}    }},
    namespace=rule,
    clock=clock,
    name="{name}",
)
pre, post = np.indices(data["{name}"].shape)
{name}.connect(i=pre.ravel(), j=post.ravel())
{name}.w = data["{name}"].ravel() * volt
{schedule}'''


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip().splitlines() if line)


def _neuron_parameters(system: System) -> dict[str, str]:
    text = neuron_text(system.neuron, nudged=False)
    return {
        name: f"{value!r} * volt" if name in text.volts else repr(value)
        for name, value in text.parameters.items()
    }


def _dictionary(entries: dict[str, str], indent: int) -> str:
    """One line for each entry; values are expressions."""
    return "".join(f'{" " * indent}"{name}": {value},\n' for name, value in entries.items())


def _quoted(entries: dict[str, str]) -> dict[str, str]:
    return {name: f'"{value}"' for name, value in entries.items()}


def _in_line(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": "{value}"' for name, value in entries.items()) + "}"

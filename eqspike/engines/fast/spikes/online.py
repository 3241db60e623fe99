"""Learning as on a chip: one sample at a time, each event changing its weights at once.

Order within a step that learns: input events are delivered, neurons and traces advance, then the rule is
evaluated for the step's input events, then for the spikes of each coupling's presynaptic and postsynaptic layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_rows, fill
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import random_bits
from eqspike.engines.fast.spikes.neurons import (
    CURRENT_BASED,
    advance_current_based,
    advance_sigma_delta,
    advance_traces,
    combine_traces,
    list_spiking,
    set_nudge,
)
from eqspike.engines.fast.spikes.presentation import (
    add_remainder,
    deliver_between_layers,
)
from eqspike.engines.fast.spikes.writing import programmed


@inlined
def list_pixels(
    levels: Any, key: Any, poisson: Any, thresholds: Any, drawn: Any, columns: Any, slots: Any
) -> Any:
    """List the pixels above level 0 (in `slots`) with their column of the toggles; returns how many."""
    pixels = levels.shape[0]
    count = 0
    for pixel in range(pixels):
        level = levels[pixel]
        if level > 0:
            slots[count] = pixel
            columns[count] = count if poisson else level
            if poisson:
                for t in range(drawn.shape[0]):
                    bits = random_bits(key, np.uint64(t * pixels + pixel)) >> np.uint64(32)
                    drawn[t, count] = bits < thresholds[level]
            count += 1
    return count


@inlined
def write_synapse(
    stored: Any,
    read: Any,
    pre: Any,
    post: Any,
    delta: Any,
    storage: Any,
    key: Any,
    position: Any,
    tally: Any,
) -> Any:
    """Change one synapse at once; returns the change in the number of non-zero weights (-1, 0 or 1)."""
    if delta == 0.0:
        return 0
    old = stored[pre, post]
    new = programmed(old, delta, storage, key, position)
    tally[0] += 1
    tally[1] += new != old
    stored[pre, post] = new
    value = np.rint(new * storage.grid) / storage.grid
    change = np.int64(value != 0.0) - np.int64(read[pre, post] != 0.0)
    read[pre, post] = value
    return change


@inlined
def learn_input(
    count: Any, chosen: Any, combined: Any, scale: Any, storage: Any, key: Any, step: Any, stored: Any,
    read: Any, fan_out: Any, tally: Any,
) -> None:  # fmt: skip
    """Rule for the input events of one step."""
    pixels, size = stored.shape
    for event in range(count):
        pixel = chosen[event]
        position = np.uint64((2 * step * pixels + pixel) * size)
        for post in range(size):
            fan_out[pixel] += write_synapse(
                stored, read, pixel, post, scale * combined[post], storage, key,
                position + np.uint64(post), tally,
            )  # fmt: skip


@inlined
def learn_coupling(
    side: Any, spiking: Any, count: Any, combined: Any, scale: Any, storage: Any, key: Any, step: Any,
    stored: Any, forward: Any, backward: Any, fan_out: Any, fan_back: Any, tally: Any,
) -> None:  # fmt: skip
    """Rule for the spikes of one side (0 presynaptic, 1 postsynaptic) of one coupling in one step."""
    below, above = stored.shape
    for event in range(count):
        for other in range(above if side == 0 else below):
            pre = spiking[event] if side == 0 else other
            post = other if side == 0 else spiking[event]
            position = np.uint64(((2 * step + side) * below + pre) * above + post)
            change = write_synapse(
                stored, forward, pre, post, scale * combined[other], storage, key, position, tally
            )
            backward[post, pre] = forward[pre, post]
            fan_out[pre] += change
            fan_back[post] += change


@inlined
def learn_bias(combined: Any, scale: Any, grid: Any, stored: Any, read: Any, writes: Any) -> None:
    """Rule for the biases of one layer in one step."""
    for i in range(stored.shape[0]):
        delta = scale * combined[i]
        old = stored[i]
        stored[i] = old + delta
        writes[0] += delta != 0.0
        writes[1] += stored[i] != old
        read[i] = np.rint(stored[i] * grid) / grid


@inlined
def count_spiking(
    spiking: Any, counts: Any, starts: Any, fan_out: Any, fan_back: Any, spikes: Any, forward: Any,
    backward: Any,
) -> None:  # fmt: skip
    """Count the spikes of the free layers in one step, with the weights that will deliver them."""
    for layer in range(1, counts.shape[0]):
        start = starts[layer]
        spikes[layer] += counts[layer]
        for event in range(counts[layer]):
            neuron = start + spiking[start + event]
            forward[layer] += fan_out[neuron]
            backward[layer] += fan_back[neuron]


@kernel
def present_online(
    images: Any, labels: Any, betas: Any, keys: Any, write_keys: Any, schedule: Any, rates: Any,
    layout: Any, source: Any, dynamics: Any, weights: Any,
    stored_input: Any, stored: Any, stored_bias: Any, storage_input: Any, storages: Any, state: Any,
    scratch: Any, tally: Any, record: Any, bias_writes: Any,
) -> None:  # fmt: skip
    """Present all samples in order, learning within each phase that learns.

    Args (beyond those of `present`): `write_keys` (samples, couplings) random streams of the writes; `rates`
    (couplings,) learning rates; `stored_input`, `stored` (tuple of arrays), `stored_bias`: what the memory holds;
    `storage_input`, `storages` (tuple): how it rounds; `bias_writes` (layers, 2): candidate and applied.
    """
    sizes, starts, widths = layout
    filtered, relaxed, potential, traces, spikes, nudge, drive, spiking, counts = state
    forward, backward, bias = weights.forward, weights.backward, weights.bias
    fan_out, fan_back = weights.fan_out, weights.fan_back
    constants, parameters = dynamics.constants, dynamics.parameters
    zero, one = constants[0], constants[1]
    layers = sizes.shape[0]
    outputs, first_output = sizes[layers - 1], starts[layers - 1]
    output = slice(first_output, first_output + outputs)
    output_spikes, output_rate = spikes[output], traces[dynamics.rate_trace][output]
    output_nudge, output_potential = nudge[output], potential[output]
    columns, slots, chosen = scratch.columns, scratch.slots, scratch.chosen
    toggles = scratch.drawn if source.poisson else source.toggles
    coefficients = dynamics.coefficients
    at_pre, at_post = scratch.combinations[0, 0], scratch.combinations[-1, 0]
    for sample in range(images.shape[0]):
        pixels = list_pixels(
            images[sample], keys[sample], source.poisson, source.thresholds, toggles, columns, slots
        )
        for vector in (filtered, relaxed, spikes, nudge):
            fill(vector, zero)
        for k in range(traces.shape[0]):
            fill(traces[k], zero)
        fill(potential, dynamics.initial_potential[0])
        fill(counts, 0)
        score = record.scores[sample]
        fill(score, zero)
        step = np.int64(0)
        learnt = np.int64(0)
        for phase in range(schedule.steps.shape[0]):
            learns, beta = schedule.learns[phase], betas[sample, phase]
            for t in range(schedule.steps[phase]):
                count = 0
                for group in range(pixels):
                    chosen[count] = slots[group]
                    count += toggles[step, columns[group]]
                fill(drive, zero)
                add_rows(drive[: widths[1]], weights.input, chosen, count)
                tally.spikes[phase, 0] += count
                for event in range(count):
                    tally.forward_effective[phase, 0] += weights.input_fan_out[chosen[event]]
                deliver_between_layers(drive, spiking, counts, starts, forward, backward)
                if phase > 0:
                    set_nudge(
                        output_nudge,
                        output_rate,
                        labels[sample],
                        beta,
                        dynamics.target_rate[0],
                        zero,
                    )
                if dynamics.kind == CURRENT_BASED:
                    advance_current_based(
                        drive, bias, nudge, filtered, potential, spikes, constants, parameters
                    )
                else:
                    advance_sigma_delta(
                        drive,
                        bias,
                        nudge,
                        filtered,
                        relaxed,
                        potential,
                        spikes,
                        constants,
                        parameters,
                    )
                list_spiking(spikes, spiking, counts, sizes, starts)
                advance_traces(traces, spikes, dynamics.trace_gains)
                if learns:
                    combine_traces(traces, coefficients[0], one, at_pre)
                    if coefficients.shape[0] > 1:
                        combine_traces(traces, coefficients[1], one, at_post)
                    learn_input(
                        count, chosen, at_pre, rates[0] / beta, storage_input, write_keys[sample, 0],
                        learnt, stored_input, weights.input, weights.input_fan_out, tally.writes[0],
                    )  # fmt: skip
                    for layer in range(1, layers - 1):
                        lower, upper, end = starts[layer], starts[layer + 1], starts[layer + 2]
                        ahead, back = forward[layer - 1], backward[layer - 1]
                        for side in range(2):
                            mine = spiking[lower:upper] if side == 0 else spiking[upper:end]
                            other = at_pre[upper:end] if side == 0 else at_post[lower:upper]
                            learn_coupling(
                                side, mine, counts[layer + side], other, rates[layer] / beta,
                                storages[layer - 1], write_keys[sample, layer], learnt,
                                stored[layer - 1], ahead, back, fan_out[lower:upper],
                                fan_back[upper:end], tally.writes[layer],
                            )  # fmt: skip
                    for layer in range(1, layers):
                        part = slice(starts[layer], starts[layer] + sizes[layer])
                        learn_bias(
                            at_pre[part], rates[layer - 1] / beta, storage_input.grid,
                            stored_bias[part], bias[part], bias_writes[layer],
                        )  # fmt: skip
                    learnt += 1
                elif phase == 0 and t >= schedule.readout_from:
                    for i in range(outputs):
                        score[i] += output_spikes[i]
                count_spiking(
                    spiking, counts, starts, fan_out, fan_back, tally.spikes[phase],
                    tally.forward_effective[phase], tally.backward_effective[phase],
                )  # fmt: skip
                step += 1
            if phase == 0:
                add_remainder(score, output_potential, dynamics.full_potential[0], constants)

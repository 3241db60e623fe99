"""Learning as on a chip: one sample at a time, each event changing its weights at once.

Order within a step of the nudged phase: input events are delivered, neurons and traces advance, then the rule is
evaluated for the step's input events, then for the spikes of each coupling's presynaptic and postsynaptic layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_rows
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import random_bits
from eqspike.engines.fast.neurons import rate_derivative, reset_state, set_nudge
from eqspike.engines.fast.presentation import NUDGED, add_remainder, advance
from eqspike.engines.fast.writing import programmed


@inlined
def list_pixels(levels: Any, key: Any, source: Any, scratch: Any) -> Any:
    """List the pixels above level 0 (in `slots`) with their column of the toggles; returns how many."""
    pixels = levels.shape[0]
    count = 0
    for pixel in range(pixels):
        level = levels[pixel]
        if level > 0:
            scratch.slots[count] = pixel
            scratch.columns[count] = count if source.poisson else level
            if source.poisson:
                for t in range(scratch.drawn.shape[0]):
                    bits = random_bits(key, np.uint64(t * pixels + pixel)) >> np.uint64(32)
                    scratch.drawn[t, count] = bits < source.thresholds[level]
            count += 1
    return count


@inlined
def write_synapse(stored: Any, read: Any, pre: Any, post: Any, delta: Any, storage: Any, key: Any,
                  position: Any, tally: Any) -> Any:
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
def learn_input(count: Any, scratch: Any, derivative: Any, scale: Any, storage: Any, key: Any, step: Any,
                stored: Any, weights: Any, tally: Any) -> None:
    """Rule for the input events of one step."""
    pixels, size = stored.shape
    for event in range(count):
        pixel = scratch.chosen[event]
        base = np.uint64((2 * step * pixels + pixel) * size)
        for post in range(size):
            weights.input_fan_out[pixel] += write_synapse(
                stored, weights.input, pixel, post, scale * derivative[post], storage, key,
                base + np.uint64(post), tally)


@inlined
def learn_coupling(layer: Any, layout: Any, state: Any, derivative: Any, scale: Any, storage: Any, key: Any,
                   step: Any, stored: Any, weights: Any, tally: Any) -> None:
    """Rule for the spikes of both sides of one coupling in one step."""
    lower, upper = layout.starts[layer], layout.starts[layer + 1]
    width, width_above = layout.widths[layer], layout.widths[layer + 1]
    first, last = layout.blocks[layer], layout.blocks[layer + 1]
    forward = weights.forward[first:last].reshape((width, width_above))
    backward = weights.backward[first:last].reshape((width_above, width))
    below, above = stored.shape
    for side in range(2):
        spiking = state.spiking[lower:] if side == 0 else state.spiking[upper:]
        others = above if side == 0 else below
        other_start = upper if side == 0 else lower
        for event in range(state.spiking_count[layer + side]):
            for other in range(others):
                pre = spiking[event] if side == 0 else other
                post = other if side == 0 else spiking[event]
                position = np.uint64(((2 * step + side) * below + pre) * above + post)
                change = write_synapse(stored, forward, pre, post,
                                       scale * derivative[other_start + other], storage, key, position, tally)
                backward[post, pre] = forward[pre, post]
                weights.fan_out[lower + pre] += change
                weights.fan_back[upper + post] += change


@inlined
def tally_step(phase: Any, layout: Any, state: Any, weights: Any, tally: Any) -> None:
    """Count the spikes of the free layers in one step, with the weights that will deliver them."""
    for layer in range(1, layout.sizes.shape[0]):
        start = layout.starts[layer]
        spiking = state.spiking_count[layer]
        tally.spikes[phase, layer] += spiking
        for event in range(spiking):
            neuron = start + state.spiking[start + event]
            tally.forward_effective[phase, layer] += weights.fan_out[neuron]
            tally.backward_effective[phase, layer] += weights.fan_back[neuron]


@kernel
def present_online(images: Any, labels: Any, betas: Any, keys: Any, write_keys: Any, free_steps: Any,
                   nudged_steps: Any, readout_steps: Any, rates: Any, layout: Any, source: Any,
                   dynamics: Any, weights: Any, stored_input: Any, stored: Any, stored_bias: Any,
                   storage_input: Any, storages: Any, state: Any, scratch: Any, tally: Any,
                   record: Any, bias_writes: Any) -> None:
    """Present all samples in order, learning within each nudged phase.

    Args (beyond those of `present`): `write_keys` (samples, couplings) random streams of the writes; `rates`
    (couplings,) learning rates; `stored_input`, `stored` (tuple of arrays), `stored_bias`: what the memory holds;
    `storage_input`, `storages` (tuple): how it rounds; `bias_writes` (layers, 2): candidate and applied.
    """
    outputs = layout.sizes[layout.sizes.shape[0] - 1]
    first_output = layout.starts[layout.sizes.shape[0] - 1]
    width = weights.input.shape[1]
    derivative = scratch.derivative_sum
    grid = storage_input.grid
    for sample in range(images.shape[0]):
        pixels = list_pixels(images[sample], keys[sample], source, scratch)
        toggles = scratch.drawn if source.poisson else source.toggles
        reset_state(state, dynamics)
        score = record.scores[sample]
        score[:] = 0
        for step in range(free_steps + nudged_steps):
            phase = 0 if step < free_steps else NUDGED
            count = 0
            for group in range(pixels):
                scratch.chosen[count] = scratch.slots[group]
                count += toggles[step, scratch.columns[group]]
            state.drive[:] = 0
            add_rows(state.drive[:width], weights.input, scratch.chosen, count)
            tally.spikes[phase, 0] += count
            for event in range(count):
                tally.forward_effective[phase, 0] += weights.input_fan_out[scratch.chosen[event]]
            if phase == NUDGED:
                set_nudge(state, first_output, outputs, labels[sample], betas[sample], dynamics)
            advance(state, layout, weights, dynamics, True)
            if phase == NUDGED:
                rate_derivative(state, dynamics, derivative)
                t = step - free_steps
                learn_input(count, scratch, derivative, rates[0] / betas[sample], storage_input,
                            write_keys[sample, 0], t, stored_input, weights, tally.writes[0])
                for layer in range(1, layout.sizes.shape[0] - 1):
                    learn_coupling(layer, layout, state, derivative, rates[layer] / betas[sample],
                                   storages[layer - 1], write_keys[sample, layer], t, stored[layer - 1],
                                   weights, tally.writes[layer])
                for layer in range(1, layout.sizes.shape[0]):
                    start = layout.starts[layer]
                    scale = rates[layer - 1] / betas[sample]
                    for i in range(start, start + layout.sizes[layer]):
                        delta = scale * derivative[i]
                        old = stored_bias[i]
                        stored_bias[i] = old + delta
                        bias_writes[layer, 0] += delta != 0.0
                        bias_writes[layer, 1] += stored_bias[i] != old
                        weights.bias[i] = np.rint(stored_bias[i] * grid) / grid
            elif step >= free_steps - readout_steps:
                for i in range(outputs):
                    score[i] += state.spikes[first_output + i]
            tally_step(phase, layout, state, weights, tally)
            if step == free_steps - 1:
                add_remainder(state, layout, dynamics, score)

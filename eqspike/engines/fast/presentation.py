"""Presenting samples: free phase, then nudged phase with learning records."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_rows, add_weighted_rows
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import (
    apply_coefficients,
    choose_toggled,
    draw_spikes,
    group_by_level,
)
from eqspike.engines.fast.neurons import (
    CURRENT_BASED,
    advance_current_based,
    advance_sigma_delta,
    advance_traces,
    list_spiking,
    rate_derivative,
    reset_state,
    set_nudge,
)

FREE = 0
NUDGED = 1


@inlined
def deliver_between_layers(state: Any, layout: Any, weights: Any) -> None:
    """Add the weights of last step's spikes to the drive of the neighbouring layers, both ways."""
    drive, spiking = state.drive, state.spiking
    for layer in range(1, layout.sizes.shape[0] - 1):
        lower, upper = layout.starts[layer], layout.starts[layer + 1]
        end = layout.starts[layer + 2]
        first, last = layout.blocks[layer], layout.blocks[layer + 1]
        width, width_above = layout.widths[layer], layout.widths[layer + 1]
        forward = weights.forward[first:last].reshape((width, width_above))
        add_rows(drive[upper:end], forward, spiking[lower:], state.spiking_count[layer])
        backward = weights.backward[first:last].reshape((width_above, width))
        add_rows(drive[lower:upper], backward, spiking[upper:], state.spiking_count[layer + 1])


@inlined
def advance(state: Any, layout: Any, weights: Any, dynamics: Any, learn: Any) -> None:
    """Neurons, traces and spike lists of one step, once the input has been put into the drive."""
    deliver_between_layers(state, layout, weights)
    if dynamics.kind == CURRENT_BASED:
        advance_current_based(state.drive, weights.bias, state, dynamics)
    else:
        advance_sigma_delta(state.drive, weights.bias, state, dynamics)
    if learn:
        advance_traces(state, dynamics)
    list_spiking(state, layout)


@inlined
def put_input(state: Any, scratch: Any, toggles: Any, groups: Any) -> None:
    """Start the drive of a step: input to the first free layer, zero for the others."""
    width = scratch.base.shape[0]
    drive = state.drive
    for i in range(width):
        drive[i] = scratch.base[i]
    for i in range(width, drive.shape[0]):
        drive[i] = 0
    count = choose_toggled(toggles, scratch.columns, groups, scratch.chosen)
    add_rows(drive[:width], scratch.rows, scratch.chosen, count)


@inlined
def count_spikes(state: Any, counts: Any) -> None:
    """Add this step's spikes to the per-neuron counts of the phase."""
    spikes = state.spikes
    for i in range(spikes.shape[0]):
        counts[i] += np.int64(spikes[i])


@inlined
def add_remainder(state: Any, layout: Any, dynamics: Any, score: Any) -> None:
    """Break ties of the read-out by what is left in the output membranes, in [0, 1] spikes."""
    zero, one = dynamics.constants[0], dynamics.constants[1]
    first = layout.starts[layout.sizes.shape[0] - 1]
    for i in range(score.shape[0]):
        left = state.potential[first + i]
        if dynamics.kind == CURRENT_BASED:
            left = left / dynamics.parameters[2]
        score[i] += min(max(left, zero), one)


@inlined
def tally_sample(layout: Any, weights: Any, source: Any, scratch: Any, groups: Any, free_steps: Any,
                 phases: Any, tally: Any) -> None:
    """Counts of one sample: input events from the encoder's tables, the rest from the spikes of each neuron."""
    for phase in range(phases):
        events = 0
        effective = 0
        for group in range(groups):
            fired = source.events[phase, scratch.columns[group]] if not source.poisson else 0
            if source.poisson:
                first = 0 if phase == FREE else free_steps
                last = free_steps if phase == FREE else scratch.drawn.shape[0]
                for t in range(first, last):
                    fired += np.int64(scratch.drawn[t, group])
            events += fired * scratch.members[group]
            effective += fired * scratch.fan_outs[group]
        tally.spikes[phase, 0] += events
        tally.forward_effective[phase, 0] += effective
        counts = scratch.spike_counts[phase]
        for layer in range(1, layout.sizes.shape[0]):
            spikes = 0
            forward = 0
            backward = 0
            for i in range(layout.starts[layer], layout.starts[layer + 1]):
                spikes += counts[i]
                forward += counts[i] * weights.fan_out[i]
                backward += counts[i] * weights.fan_back[i]
            tally.spikes[phase, layer] += spikes
            tally.forward_effective[phase, layer] += forward
            tally.backward_effective[phase, layer] += backward


@inlined
def input_gradients(scratch: Any, source: Any, toggles: Any, groups: Any, scale: Any, result: Any) -> None:
    """Sum of (input event) x (derivative) over the nudged phase, for each input group."""
    width = scratch.base.shape[0]
    derivatives = scratch.derivative_history[:, :width]
    steps = derivatives.shape[0]
    for group in range(groups):
        column = scratch.columns[group]
        count = 0
        for t in range(steps):
            scratch.learning_steps[count] = t
            count += toggles[t, column]
        change = result[scratch.slots[group]]
        change[:] = 0
        add_rows(change, derivatives, scratch.learning_steps, count)
        if source.poisson:
            for i in range(width):
                change[i] = change[i] * scale
        else:
            coefficient, sign = source.coefficients[column], source.signs[column]
            for i in range(width):
                constant = coefficient * scratch.derivative_sum[i]
                change[i] = (constant + sign * change[i]) * scale


@inlined
def coupling_gradients(layout: Any, scratch: Any, scale: Any, result: Any) -> None:
    """Sum of S_pre d_post + S_post d_pre over the nudged phase, for each coupling between free layers."""
    steps = scratch.spike_history.shape[0]
    for layer in range(1, layout.sizes.shape[0] - 1):
        lower, upper = layout.starts[layer], layout.starts[layer + 1]
        width, width_above = layout.widths[layer], layout.widths[layer + 1]
        changes = result[layout.blocks[layer] : layout.blocks[layer + 1]].reshape((width_above, width))
        spikes_below = scratch.spike_history[:, lower:upper]
        derivatives_below = scratch.derivative_history[:, lower:upper]
        for post in range(layout.sizes[layer + 1]):
            change = changes[post]
            change[:] = 0
            add_weighted_rows(change, spikes_below, scratch.derivative_history, upper + post)
            count = 0
            for t in range(steps):
                scratch.learning_steps[count] = t
                count += np.int64(scratch.spike_history[t, upper + post])
            add_rows(change, derivatives_below, scratch.learning_steps, count)
            for i in range(width):
                change[i] = change[i] * scale


@kernel
def present(first: Any, last: Any, images: Any, labels: Any, betas: Any, keys: Any, free_steps: Any,
            nudged_steps: Any, readout_steps: Any, learn: Any, layout: Any, source: Any, dynamics: Any,
            weights: Any, state: Any, scratch: Any, tally: Any, record: Any) -> None:
    """Present samples `first` to `last` - 1 with fixed weights.

    Without `learn` only the free phase runs, and no traces. With it, the changes asked by the rule, divided by
    beta, are recorded per sample. `images` (samples, pixels) uint8, `labels`, `betas`, `keys` (samples,).
    """
    one = dynamics.constants[1]
    outputs = layout.sizes[layout.sizes.shape[0] - 1]
    first_output = layout.starts[layout.sizes.shape[0] - 1]
    phases = 2 if learn else 1
    traced = record.raster.shape[0] > 0
    for sample in range(first, last):
        if source.poisson:
            groups = draw_spikes(images[sample], keys[sample], source, weights.input,
                                 weights.input_fan_out, scratch)
            toggles = scratch.drawn
        else:
            groups = group_by_level(images[sample], weights.input, weights.input_fan_out, scratch)
            apply_coefficients(groups, source, scratch)
            toggles = source.toggles
        reset_state(state, dynamics)
        scratch.spike_counts[:] = 0
        score = record.scores[sample]
        score[:] = 0
        step = 0
        for phase in range(phases):
            steps = free_steps if phase == FREE else nudged_steps
            for t in range(steps):
                put_input(state, scratch, toggles[step], groups)
                if phase == NUDGED:
                    set_nudge(state, first_output, outputs, labels[sample], betas[sample], dynamics)
                advance(state, layout, weights, dynamics, learn)
                count_spikes(state, scratch.spike_counts[phase])
                if phase == NUDGED:
                    rate_derivative(state, dynamics, scratch.derivative_history[t])
                    scratch.spike_history[t, :] = state.spikes
                elif t >= free_steps - readout_steps:
                    for i in range(outputs):
                        score[i] += state.spikes[first_output + i]
                if traced:
                    for i in range(state.spikes.shape[0]):
                        record.raster[sample, step, i] = np.uint8(state.spikes[i])
                        record.potentials[sample, step, i] = state.potential[i]
                step += 1
            if phase == FREE:
                add_remainder(state, layout, dynamics, score)
        if learn:
            scale = one / betas[sample]
            scratch.derivative_sum[:] = 0
            for t in range(nudged_steps):
                derivatives = scratch.derivative_history[t]
                for i in range(derivatives.shape[0]):
                    scratch.derivative_sum[i] += derivatives[i]
            for i in range(scratch.derivative_sum.shape[0]):
                record.bias_gradients[sample, i] = scratch.derivative_sum[i] * scale
            input_gradients(scratch, source, toggles[free_steps:], groups, scale,
                            record.input_gradients[sample])
            coupling_gradients(layout, scratch, scale, record.gradients[sample])
        tally_sample(layout, weights, source, scratch, groups, free_steps, phases, tally)

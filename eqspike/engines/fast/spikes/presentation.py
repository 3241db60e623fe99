"""Presenting samples through their phases, with records of what those that learn ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_rows, copy, fill
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import (
    apply_coefficients,
    choose_toggled,
    draw_spikes,
    group_by_level,
)
from eqspike.engines.fast.spikes.gradients import (
    coupling_gradients,
    input_gradients,
    scale_into,
    sum_rows,
)
from eqspike.engines.fast.spikes.neurons import (
    CURRENT_BASED,
    advance_current_based,
    advance_sigma_delta,
    advance_traces,
    combine_traces,
    list_spiking,
    set_nudge,
)
from eqspike.engines.fast.spikes.tallying import count_drawn, count_input, count_layers


@inlined
def deliver_between_layers(
    drive: Any, spiking: Any, counts: Any, starts: Any, forward: Any, backward: Any
) -> None:
    """Add the weights of last step's spikes to the drive of the neighbouring layers, both ways."""
    for layer in range(1, counts.shape[0] - 1):
        lower, upper, end = starts[layer], starts[layer + 1], starts[layer + 2]
        add_rows(drive[upper:end], forward[layer - 1], spiking[lower:upper], counts[layer])
        add_rows(drive[lower:upper], backward[layer - 1], spiking[upper:end], counts[layer + 1])


@inlined
def put_input(
    drive: Any,
    base: Any,
    rows: Any,
    toggles: Any,
    columns: Any,
    groups: Any,
    chosen: Any,
    zero: Any,
) -> None:
    """Start the drive of a step: input to the first free layer, zero for the others."""
    width = base.shape[0]
    for i in range(width):
        drive[i] = base[i]
    for i in range(width, drive.shape[0]):
        drive[i] = zero
    count = choose_toggled(toggles, columns, groups, chosen)
    add_rows(drive[:width], rows, chosen, count)


@inlined
def count_spikes(spikes: Any, counts: Any) -> None:
    """Add this step's spikes to the per-neuron counts of the phase."""
    for i in range(spikes.shape[0]):
        counts[i] += np.int32(spikes[i])


@inlined
def add_remainder(score: Any, potential: Any, full: Any, constants: Any) -> None:
    """Break ties of the read-out by what is left in the output membranes, in [0, 1] spikes.

    `potential` (outputs,); `full` is the potential worth one spike.
    """
    zero, one = constants[0], constants[1]
    for i in range(score.shape[0]):
        left = potential[i] / full
        above = left if left > zero else zero
        score[i] += above if above < one else one


@kernel
def present(
    first: Any, last: Any, images: Any, labels: Any, betas: Any, keys: Any, schedule: Any, learn: Any,
    layout: Any, source: Any, dynamics: Any, weights: Any, state: Any, scratch: Any, tally: Any,
    record: Any,
) -> None:  # fmt: skip
    """Present samples `first` to `last` - 1 with fixed weights.

    Without `learn` only the first phase runs, and no traces. With it, the changes asked by the rule, divided by
    beta, are recorded per sample. `images` (samples, pixels) uint8, `labels`, `keys` (samples,); `betas` (samples,
    phases), signed, 0 where nothing is nudged.
    """
    # Tuples are unpacked once: handing them to each small function would cost more than the function.
    sizes, starts, _ = layout
    filtered, relaxed, potential, traces, spikes, nudge, drive, spiking, spiking_counts = state
    forward, backward, bias = weights.forward, weights.backward, weights.bias
    constants, parameters = dynamics.constants, dynamics.parameters
    zero, one = constants[0], constants[1]
    layers = sizes.shape[0]
    neurons = starts[layers]
    outputs = sizes[layers - 1]
    first_output = starts[layers - 1]
    output = slice(first_output, first_output + outputs)
    output_spikes, output_rate = spikes[output], traces[dynamics.rate_trace][output]
    output_nudge, output_potential = nudge[output], potential[output]
    columns, slots, chosen = scratch.columns, scratch.slots, scratch.chosen
    rows, base = scratch.rows, scratch.base
    toggles = scratch.drawn if source.poisson else source.toggles
    at_pre, at_post = scratch.combinations[0], scratch.combinations[-1]
    coefficients = dynamics.coefficients
    counts = scratch.spike_counts
    traced = record.raster.shape[0] > 0
    for sample in range(first, last):
        if source.poisson:
            groups = draw_spikes(
                images[sample], keys[sample], source.thresholds, weights.input, weights.input_fan_out,
                toggles, rows, base, columns, slots, scratch.members, scratch.fan_outs,
                scratch.coefficients, scratch.signs,
            )  # fmt: skip
        else:
            groups = group_by_level(
                images[sample], weights.input, weights.input_fan_out, rows, columns, slots,
                scratch.members, scratch.fan_outs, scratch.group_of,
            )  # fmt: skip
            apply_coefficients(
                groups, source.coefficients, source.signs, rows, base, columns, scratch.coefficients,
                scratch.signs,
            )  # fmt: skip
        for vector in (filtered, relaxed, spikes, nudge):
            fill(vector, zero)
        for k in range(traces.shape[0]):
            fill(traces[k], zero)
        fill(potential, dynamics.initial_potential[0])
        fill(spiking_counts, 0)
        score = record.scores[sample]
        fill(score, zero)
        step = np.int64(0)
        learnt = np.int64(0)
        scale = one
        for phase in range(schedule.steps.shape[0] if learn else 1):
            fill(counts, 0)
            steps, learns = schedule.steps[phase], schedule.learns[phase]
            beta = betas[sample, phase]
            if learns and learnt == 0:
                scale = one / beta
            turn = one if beta * scale > zero else -one
            for t in range(steps):
                put_input(drive, base, rows, toggles[step], columns, groups, chosen, zero)
                deliver_between_layers(drive, spiking, spiking_counts, starts, forward, backward)
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
                list_spiking(spikes, spiking, spiking_counts, sizes, starts)
                count_spikes(spikes, counts)
                if learn:
                    advance_traces(traces, spikes, dynamics.trace_gains)
                if learns:
                    combine_traces(traces, coefficients[0], turn, at_pre[learnt])
                    if coefficients.shape[0] > 1:
                        combine_traces(traces, coefficients[1], turn, at_post[learnt])
                    copy(spikes, scratch.spike_history[learnt])
                    learnt += 1
                elif phase == 0 and t >= schedule.readout_from:
                    for i in range(outputs):
                        score[i] += output_spikes[i]
                if traced:
                    for i in range(neurons):
                        record.raster[sample, step, i] = np.uint8(spikes[i])
                        record.potentials[sample, step, i] = potential[i]
                step += 1
            if phase == 0:
                add_remainder(score, output_potential, dynamics.full_potential[0], constants)
            if source.poisson:
                events = scratch.group_of
                count_drawn(toggles, step - steps, step, groups, events)
            else:
                events = source.events[phase]
            count_input(
                events, columns, scratch.members, scratch.fan_outs, groups, tally.spikes[phase],
                tally.forward_effective[phase],
            )  # fmt: skip
            count_layers(
                counts, starts, weights.fan_out, weights.fan_back, tally.spikes[phase],
                tally.forward_effective[phase], tally.backward_effective[phase], tally.neurons[phase],
            )  # fmt: skip
        if learn:
            sum_rows(at_pre, scratch.combination_sum)
            scale_into(scratch.combination_sum, scale, record.bias_gradients[sample])
            input_gradients(
                at_pre, scratch.combination_sum, toggles, schedule.learning_at, columns, slots, groups,
                scratch.coefficients, scratch.signs, scratch.learning_steps, scale,
                record.input_gradients[sample],
            )  # fmt: skip
            coupling_gradients(
                scratch.spike_history, at_pre, at_post, sizes, starts, scratch.learning_steps, scale,
                record.gradients[sample],
            )  # fmt: skip

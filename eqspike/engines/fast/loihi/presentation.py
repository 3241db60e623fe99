"""Presenting samples to a network in Loihi's integers: free phase, then the nudged phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_rows, fill
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import (
    apply_coefficients,
    choose_toggled,
    draw_spikes,
    group_by_level,
)
from eqspike.engines.fast.loihi.neurons import advance, gather_input, teach, watch
from eqspike.engines.fast.spikes.neurons import list_spiking
from eqspike.engines.fast.spikes.presentation import count_spikes
from eqspike.engines.fast.spikes.tallying import count_drawn, count_input, count_layers

FREE, NUDGED = 0, 1


@inlined
def put_input(
    ahead: Any, base: Any, rows: Any, toggles: Any, step: Any, columns: Any, groups: Any,
    chosen: Any, zero: Any,
) -> None:  # fmt: skip
    """Start the sums of a step: the input's spikes of the step before, zero for the other layers."""
    fill(ahead, zero)
    if step == 0:
        return
    width = base.shape[0]
    for i in range(width):
        ahead[i] = base[i]
    count = choose_toggled(toggles[step - 1], columns, groups, chosen)
    add_rows(ahead[:width], rows, chosen, count)


@inlined
def deliver(
    ahead: Any, back: Any, spiking: Any, counts: Any, starts: Any, forward: Any, backward: Any, zero: Any
) -> None:  # fmt: skip
    """Sum the mantissas of last step's spikes, both ways, exponents not yet applied."""
    fill(back, zero)
    for layer in range(1, counts.shape[0] - 1):
        lower, upper, end = starts[layer], starts[layer + 1], starts[layer + 2]
        add_rows(ahead[upper:end], forward[layer - 1], spiking[lower:upper], counts[layer])
        add_rows(back[lower:upper], backward[layer - 1], spiking[upper:end], counts[layer + 1])


@inlined
def add_remainder(score: Any, potential: Any, limit: Any) -> None:
    """Break ties of the read-out by what is left in the output membranes, in [0, 1] spikes."""
    for i in range(score.shape[0]):
        score[i] += min(1.0, max(0.0, potential[i] / limit[i]))


@kernel
def present(
    first: Any, last: Any, images: Any, labels: Any, signs: Any, keys: Any, free_steps: Any,
    nudged_steps: Any, readout_steps: Any, both: Any, watched: Any, layout: Any, source: Any,
    dynamics: Any, weights: Any, state: Any, scratch: Any, tally: Any, record: Any,
) -> None:  # fmt: skip
    """Present samples `first` to `last` - 1, each from registers of zero.

    Without `both` only the free phase runs. `watched` keeps the extremes of the registers. `images`
    (samples, pixels) uint8, `labels`, `signs` (of beta), `keys` (samples,).
    """
    sizes, starts, _ = layout
    (
        current, potential, spikes, ahead, back, arriving, full_current, full_potential, relay, spiking,
        spiking_counts,
    ) = state  # fmt: skip
    forward, backward = weights.forward, weights.backward
    zero = scratch.zero[0]
    layers = sizes.shape[0]
    neurons = starts[layers]
    outputs = sizes[layers - 1]
    first_output = starts[layers - 1]
    output = slice(first_output, first_output + outputs)
    output_spikes, output_potential = spikes[output], potential[output]
    output_input, output_limit = arriving[output], dynamics.limit[output]
    relayed = relay[:outputs]
    columns, slots, chosen = scratch.columns, scratch.slots, scratch.chosen
    rows, base = scratch.rows, scratch.base
    toggles = scratch.drawn if source.poisson else source.toggles
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
        for vector in (current, potential, spikes, relay):
            fill(vector, zero)
        fill(spiking_counts, 0)
        score = record.scores[sample]
        fill(score, 0.0)
        step = np.int64(0)
        for phase in range(2 if both else 1):
            counts = scratch.spike_counts[phase]
            fill(counts, zero)
            steps = free_steps if phase == FREE else nudged_steps
            for t in range(steps):
                put_input(ahead, base, rows, toggles, step, columns, groups, chosen, zero)
                deliver(ahead, back, spiking, spiking_counts, starts, forward, backward, zero)
                gather_input(ahead, back, dynamics.shifts, starts, arriving)
                if phase != FREE and t > 0:
                    teach(
                        output_input, relayed, labels[sample], dynamics.targets[t - 1], signs[sample],
                        dynamics.teaching,
                    )  # fmt: skip
                    for i in range(outputs):
                        relayed[i] = output_spikes[i]
                advance(
                    arriving, dynamics, current, potential, spikes, full_current, full_potential
                )
                if watched:
                    watch(arriving, full_current, full_potential, scratch.peaks, scratch.overflows)
                list_spiking(spikes, spiking, spiking_counts, sizes, starts)
                count_spikes(spikes, counts)
                if phase == FREE and t >= free_steps - readout_steps:
                    for i in range(outputs):
                        score[i] += output_spikes[i]
                if traced:
                    for i in range(neurons):
                        record.raster[sample, step, i] = np.uint8(spikes[i])
                        record.potentials[sample, step, i] = potential[i]
                        record.currents[sample, step, i] = current[i]
                step += 1
            if phase == FREE:
                add_remainder(score, output_potential, output_limit)
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

"""Learning as Loihi's engine does it, compiled: sample after sample, weights changing in every nudged step.

Order within a step, as in Lava: what arrives was summed in the step before; neurons advance; this step's spikes
are summed with the present weights, to arrive in the next step; traces advance; weights change. Nothing is reset
between samples: registers, spikes under way and traces of one sample run on into the free phase of the next.

The twin of `chips.loihi.learning`, whose arithmetic comes in as tables over the 128 values of a trace.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eqspike.engines.fast.arithmetic import add_rows, fill
from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.inputs import random_bits
from eqspike.engines.fast.layout import Ints
from eqspike.engines.fast.loihi.neurons import advance, gather_input, shifted
from eqspike.engines.fast.loihi.presentation import FREE, NUDGED, add_remainder, deliver
from eqspike.engines.fast.spikes.neurons import list_spiking
from eqspike.engines.fast.spikes.online import count_spiking, list_pixels

_ONE = np.int32(1)
_LOWEST, _HIGHEST = np.int32(-256), np.int32(255)
_SUM_LOWEST, _SUM_HIGHEST = np.int32(-(2**15) - 1), np.int32(2**15 - 1)
_FRACTION_BITS, _FRACTION = np.int32(7), np.int32(127)


class Rules(NamedTuple):
    """The rules of all couplings as tables.

    Attributes:
        change: (couplings, products, 2 signs of the gate, 128 values of a trace) added to the accumulator.
        sides: (2 copies, couplings, products) 0 if the presynaptic side spikes, 1 if the postsynaptic, -1 for no
            product; the second copy is the transposed one.
        traces: (couplings, products) which trace of the other side is read.
        kept: (couplings, traces, 128) whole part of the decayed trace; chance: of one more, as a fraction of 2^53.
        impulses: (couplings, traces).
    """

    change: NDArray[np.int32]
    sides: Ints
    traces: Ints
    kept: NDArray[np.int32]
    chance: NDArray[np.uint64]
    impulses: NDArray[np.int32]


class Carried(NamedTuple):
    """What runs on from sample to sample, besides the neurons' registers.

    Attributes:
        sent: (3,) what the teacher sent in the last step: 1 for a target spike, its label, and the sign of beta,
            or 0 where it sent no gate.
        pre_traces, post_traces: (2 copies, couplings, traces, neurons of the largest layer).
    """

    sent: Ints
    pre_traces: NDArray[np.int32]
    post_traces: NDArray[np.int32]


class Draws(NamedTuple):
    """Random numbers: streams of one for each synapse and trace, or Lava's, one for all of a step.

    Attributes:
        write_keys: (samples, couplings) streams of the weights; trace_keys: (samples, couplings, 2 sides).
        common: whether Lava's are used; then the transposed copies learn by themselves.
        rounding: (steps,) for all weights, 53 bits; carry: (2 copies, couplings, 2 sides, steps) for all traces.
    """

    write_keys: NDArray[np.uint64]
    trace_keys: NDArray[np.uint64]
    common: bool
    rounding: NDArray[np.uint64]
    carry: NDArray[np.uint64]


@inlined
def advance_trace(
    values: Any, spikes: Any, kept: Any, chance: Any, impulse: Any, key: Any, place: Any, common: Any,
    drawn: Any,
) -> None:  # fmt: skip
    """One step of one trace of all neurons of a layer; `drawn` is what all of them get if it is `common`."""
    for i in range(spikes.shape[0]):
        value = values[i]
        bits = drawn if common else random_bits(key, place + np.uint64(i)) >> np.uint64(11)
        value = np.int32(kept[value] + np.int32(bits < chance[value]))
        values[i] = min(_FRACTION, np.int32(value + impulse * spikes[i]))


@inlined
def sum_changes(
    change: Any, gate: Any, sides: Any, traces: Any, side: Any, others: Any, sums: Any, sizes: Any
) -> None:
    """What a spike of `side` adds to the accumulator, for each neuron of the other side, and how far it swings.

    `others` (traces, neurons) are the traces of the other side; `sums`, `sizes` (neurons,) the sums of the
    products and of their magnitudes.
    """
    for i in range(sums.shape[0]):
        sums[i] = 0
        sizes[i] = 0
    for product in range(sides.shape[0]):
        if sides[product] == side:
            table, row = change[product, gate], others[traces[product]]
            for i in range(sums.shape[0]):
                added = table[row[i]]
                sums[i] += added
                sizes[i] += abs(added)


@inlined
def add_saturating(
    start: Any, gate: Any, pre_spiked: Any, post_spiked: Any, pre: Any, post: Any, change: Any, sides: Any,
    traces: Any, pre_traces: Any, post_traces: Any,
) -> Any:  # fmt: skip
    """The accumulator of one synapse after all products, each of which may saturate it."""
    total = start
    for product in range(sides.shape[0]):
        side = sides[product]
        if side == 0 and pre_spiked:
            total = np.int32(total + change[product, gate, post_traces[traces[product], post]])
        elif side == 1 and post_spiked:
            total = np.int32(total + change[product, gate, pre_traces[traces[product], pre]])
        total = max(_SUM_LOWEST, min(_SUM_HIGHEST, total))
    return total


@inlined
def learn_coupling(
    weights: Any, mirror: Any, mirrored: Any, pre: Any, post: Any, gate: Any, change: Any, sides: Any,
    traces: Any, pre_traces: Any, post_traces: Any, key: Any, step: Any, common: Any, drawn: Any,
    fan_out: Any, fan_back: Any, tally: Any, sums: Any,
) -> None:  # fmt: skip
    """All synapses of a coupling after one step; `pre` and `post` are the spikes (0 or 1) of its two layers.

    `drawn` is what all synapses get if it is `common`.
    """
    below, above = pre.shape[0], post.shape[0]
    both = sides.max() == 1
    of_pre, size_pre, of_post, size_post = (
        sums[0, :above],
        sums[1, :above],
        sums[2, :below],
        sums[3, :below],
    )
    sum_changes(change, gate, sides, traces, 0, post_traces, of_pre, size_pre)
    sum_changes(change, gate, sides, traces, 1, pre_traces, of_post, size_post)
    for i in range(below):
        if pre[i] == 0 and not both:
            continue
        for j in range(above):
            change_here = np.int32(pre[i] * of_pre[j] + post[j] * of_post[i])
            size = np.int32(pre[i] * size_pre[j] + post[j] * size_post[i])
            if size == 0:
                continue
            old = weights[i, j]
            start = np.int32(old << _FRACTION_BITS)
            total = np.int32(start + change_here)
            if np.int32(abs(start) + size) > _SUM_HIGHEST:
                total = add_saturating(
                    start, gate, pre[i] != 0, post[j] != 0, i, j, change, sides, traces, pre_traces,
                    post_traces,
                )  # fmt: skip
            if total == start:
                continue
            place = np.uint64((step * below + i) * above + j)
            bits = drawn >> np.uint64(46) if common else random_bits(key, place) >> np.uint64(57)
            up = np.int32(bits) < np.int32(total & _FRACTION)
            new = np.int32(np.int32(total >> _FRACTION_BITS) + np.int32(up))
            new = max(_LOWEST, min(_HIGHEST, new))
            tally[0] += 1
            if new != old:
                tally[1] += 1
                weights[i, j] = new
                filled = np.int64(new != 0) - np.int64(old != 0)
                fan_out[i] += filled
                if mirrored:
                    mirror[j, i] = new
                    fan_back[j] += filled


@inlined
def teach_carried(arriving: Any, relay: Any, sent: Any, teaching: Any) -> None:
    """Add the teacher's spikes of the last step; `relay` holds the sign of beta where a relay fired."""
    mantissa, left, right = teaching[0], teaching[1], teaching[2]
    if sent[0] != 0:
        target = np.int32(mantissa * np.int32(sent[2]))
        arriving[sent[1]] += shifted(target, left, right)
    for i in range(arriving.shape[0]):
        arriving[i] += shifted(np.int32(-mantissa * relay[i]), left, right)


@kernel
def present_learning(
    images: Any, labels: Any, signs: Any, keys: Any, draws: Any, free_steps: Any, nudged_steps: Any,
    readout_steps: Any, layout: Any, source: Any, dynamics: Any, weights: Any, rules: Any, carried: Any,
    state: Any, scratch: Any, tally: Any, scores: Any,
) -> None:  # fmt: skip
    """Present all samples in order, learning within each nudged phase.

    `scratch` = (columns, slots, chosen, drawn, input spikes, zero, sums, spare tally); the rest as in
    `presentation.present` and the classes above.
    """
    sizes, starts, _ = layout
    (
        current, potential, spikes, ahead, back, arriving, full_current, full_potential, relay, spiking,
        counts,
    ) = state  # fmt: skip
    columns, slots, chosen, drawn, sending, zeros, sums, spare = scratch
    forward, backward = weights.forward, weights.backward
    change, sides, read, kept, chance, impulses = rules
    sent, pre_traces, post_traces = carried
    write_keys, trace_keys, common, rounding, carry = draws
    zero = zeros[0]
    layers, outputs, first_output = sizes.shape[0], sizes[-1], starts[sizes.shape[0] - 1]
    output = slice(first_output, first_output + outputs)
    toggles = drawn if source.poisson else source.toggles
    width = starts[2] - starts[1]
    for sample in range(images.shape[0]):
        pixels = list_pixels(
            images[sample], keys[sample], source.poisson, source.thresholds, toggles, columns, slots
        )
        sign, score = signs[sample], scores[sample]
        for step in range(free_steps + nudged_steps):
            phase = FREE if step < free_steps else NUDGED
            gather_input(ahead, back, dynamics.shifts, starts, arriving)
            teach_carried(arriving[output], relay, sent, dynamics.teaching)
            for i in range(outputs):
                relay[i] = np.int32(spikes[first_output + i] * sent[2])
            advance(arriving, dynamics, current, potential, spikes, full_current, full_potential)
            list_spiking(spikes, spiking, counts, sizes, starts)
            fill(sending, zero)
            count = 0
            for group in range(pixels):
                chosen[count] = slots[group]
                if toggles[step, columns[group]] != 0:
                    sending[slots[group]] = _ONE
                    tally.forward_effective[phase, 0] += weights.input_fan_out[slots[group]]
                    count += 1
            tally.spikes[phase, 0] += count
            count_spiking(
                spiking, counts, starts, weights.fan_out, weights.fan_back, tally.spikes[phase],
                tally.forward_effective[phase], tally.backward_effective[phase],
            )  # fmt: skip
            fill(ahead, zero)
            add_rows(ahead[:width], weights.input, chosen, count)
            deliver(ahead, back, spiking, counts, starts, forward, backward, zero)
            sent[0], sent[1], sent[2] = 0, labels[sample], 0
            if phase == NUDGED:
                sent[0], sent[2] = dynamics.targets[step - free_steps], sign
            elif step >= free_steps - readout_steps:
                for i in range(outputs):
                    score[i] += spikes[first_output + i]
                if step == free_steps - 1:
                    add_remainder(score, potential[output], dynamics.limit[output])
            total = sample * (free_steps + nudged_steps) + step if common else 0
            for coupling in range(layers - 1):
                lower = slice(starts[coupling], starts[coupling] + sizes[coupling])
                upper = slice(starts[coupling + 1], starts[coupling + 1] + sizes[coupling + 1])
                below = sending if coupling == 0 else spikes[lower]
                for copy in range(2 if common and coupling > 0 else 1):
                    pre = below if copy == 0 else spikes[upper]
                    post = spikes[upper] if copy == 0 else below
                    before, after = pre_traces[copy, coupling], post_traces[copy, coupling]
                    for trace in range(impulses.shape[1]):
                        row = step * impulses.shape[1] + trace
                        whole, rest = kept[coupling, trace], chance[coupling, trace]
                        advance_trace(
                            after[trace], post, whole, rest, impulses[coupling, trace],
                            trace_keys[sample, coupling, 1], np.uint64(row * post.shape[0]), common,
                            carry[copy, coupling, 1, total],
                        )  # fmt: skip
                        if coupling > 0:
                            advance_trace(
                                before[trace], pre, whole, rest, impulses[coupling, trace],
                                trace_keys[sample, coupling, 0], np.uint64(row * pre.shape[0]), common,
                                carry[copy, coupling, 0, total],
                            )  # fmt: skip
                    if phase == NUDGED:
                        index = max(coupling - 1, 0)
                        ahead_matrix = weights.input if coupling == 0 else forward[index]
                        fan_ahead = (
                            weights.input_fan_out if coupling == 0 else weights.fan_out[lower]
                        )
                        learn_coupling(
                            ahead_matrix if copy == 0 else backward[index], backward[index],
                            coupling > 0 and not common, pre, post, 0 if sign > 0 else 1,
                            change[coupling], sides[copy, coupling], read[coupling], before, after,
                            write_keys[sample, coupling], step - free_steps, common, rounding[total],
                            fan_ahead if copy == 0 else weights.fan_back[upper], weights.fan_back[upper],
                            tally.writes[coupling] if copy == 0 else spare, sums,
                        )  # fmt: skip

"""Kernels that present samples to a network of bits: `core.neurons.binary`, step by step.

Sums of weights are whole numbers, so their order cannot matter. The input's are taken once a sample, digit by
digit of its levels; between free layers only words in which a bit has turned are sent.
"""

from __future__ import annotations

from typing import Any

from numba import uint32

from eqspike.engines.fast.bits.layout import LEVELS, PLANES
from eqspike.engines.fast.bits.words import WORD, add_levels, add_sent, add_turned
from eqspike.engines.fast.compilation import inlined, kernel


@inlined
def clamp(image: Any, layout: Any, weights: Any, sample: Any) -> None:
    """Set the sums of the first free layer to those of weight x level."""
    planes, pixels, first = sample.planes, layout.sizes[0], layout.sizes[1]
    planes[:] = 0
    whole = 0
    for pixel in range(pixels):
        level, lane = uint32(image[pixel]), uint32(pixel % WORD)
        whole += level
        for digit in range(PLANES):
            planes[pixel // WORD, digit] |= ((level >> uint32(digit)) & uint32(1)) << lane
    total = sample.below[:first]
    total[:] = 0
    for word in range(planes.shape[0]):
        lit = uint32(0)
        for digit in range(PLANES):
            lit |= planes[word, digit]
        if lit != 0:
            add_levels(weights.up[word * first : (word + 1) * first], planes[word], total)
    for neuron in range(first):
        total[neuron] = 2 * total[neuron] - whole


@inlined
def drive_layer(layer: Any, layout: Any, weights: Any, sample: Any) -> None:
    """Drives of a layer from the sums it has."""
    first, last = layout.starts[layer], layout.starts[layer + 1]
    scales, kind = weights.scales, weights.scales.dtype.type
    lower = scales[layer - 1] / kind(LEVELS) if layer == 1 else scales[layer - 1]
    bias, below, drive = weights.bias, sample.below, sample.drive
    for neuron in range(first, last):
        drive[neuron] = bias[neuron] + lower * kind(below[neuron])
    if layer < layout.sizes.shape[0] - 1:
        upper, above = scales[layer], sample.above
        for neuron in range(first, last):
            drive[neuron] += upper * kind(above[neuron])


@inlined
def turned(layer: Any, layout: Any, sample: Any) -> int:
    """How many words of a layer differ from what it has sent."""
    found = 0
    for word in range(layout.words_at[layer], layout.words_at[layer + 1]):
        found += sample.bits[word] != sample.fresh[word]
    return found


@inlined
def carry(old: Any, new: Any, rows: Any, at: Any, anew: Any, total: Any) -> None:
    """Bring the sums of a layer to what the layer beside it sends now: by words that turned, or anew if most did.

    Args:
        old, new: words sent before and now; rows: of the coupling's weights, flat, from place `at`.
    """
    size, words = total.shape[0], new.shape[0]
    if anew:
        total[:] = 0
        add_sent(rows[at : at + words * size], new, total)
        return
    for word in range(words):
        if new[word] != old[word]:
            row = rows[at + word * size : at + (word + 1) * size]
            add_turned(row, old[word], new[word], total)


@inlined
def send(layer: Any, layout: Any, weights: Any, sample: Any) -> bool:
    """Send the bits of a layer that have turned; returns whether there are any."""
    starts, last = layout.starts, layout.sizes.shape[0] - 1
    words = slice(layout.words_at[layer], layout.words_at[layer + 1])
    old, new = sample.bits[words], sample.fresh[words]
    number = turned(layer, layout, sample)
    if number == 0:
        return False
    anew = 2 * number > new.shape[0]
    if layer < last:
        total = sample.below[starts[layer + 1] : starts[layer + 2]]
        carry(old, new, weights.up, layout.up_at[layer], anew, total)
    if layer > 1:
        total = sample.above[starts[layer - 1] : starts[layer]]
        carry(old, new, weights.down, layout.down_at[layer - 1], anew, total)
    old[:] = new
    return True


@inlined
def advance(
    layer: Any, taught: Any, beta: Any, target: Any, layout: Any, physics: Any, sample: Any
) -> None:  # fmt: skip
    """New states of a layer, and the bits that it will send."""
    first, last = layout.starts[layer], layout.starts[layer + 1]
    old_share, share = physics.parameters[0], physics.parameters[1]
    zero, half, one = physics.parameters[2], physics.parameters[3], physics.parameters[4]
    state, drive = sample.state[first:last], sample.drive[first:last]
    if taught:
        for neuron in range(state.shape[0]):
            old = state[neuron]
            new = old_share * old + share * (drive[neuron] + beta * (target[neuron] - old))
            state[neuron] = min(max(new, zero), one)
    else:
        for neuron in range(state.shape[0]):
            new = old_share * state[neuron] + share * drive[neuron]
            state[neuron] = min(max(new, zero), one)
    for place in range(layout.words_at[layer + 1] - layout.words_at[layer]):
        word = uint32(0)
        part = state[place * WORD : min((place + 1) * WORD, state.shape[0])]
        for lane in range(part.shape[0]):
            word |= uint32(part[lane] >= half) << uint32(lane)
        sample.fresh[layout.words_at[layer] + place] = word


@inlined
def is_settled(layer: Any, layout: Any, physics: Any, sample: Any) -> bool:
    """Whether no bit of a layer can turn while its drive stays.

    A step is a function of the state that never falls where the state grows. So states on the side of 1/2 to which
    a step takes 1/2 itself stay on it, with all roundings.
    """
    old_share, share, half = physics.parameters[0], physics.parameters[1], physics.parameters[3]
    drive = sample.drive[layout.starts[layer] : layout.starts[layer + 1]]
    for place in range(layout.words_at[layer + 1] - layout.words_at[layer]):
        word = uint32(0)
        part = drive[place * WORD : min((place + 1) * WORD, drive.shape[0])]
        for lane in range(part.shape[0]):
            word |= uint32(old_share * half + share * part[lane] >= half) << uint32(lane)
        if sample.bits[layout.words_at[layer] + place] != word:
            return False
    return True


@inlined
def pay(layer: Any, layout: Any, physics: Any, sample: Any) -> None:
    """Do the steps that a settled layer has left out."""
    first, last = layout.starts[layer], layout.starts[layer + 1]
    old_share, share = physics.parameters[0], physics.parameters[1]
    zero, one = physics.parameters[2], physics.parameters[4]
    state, drive, owed = sample.state[first:last], sample.drive[first:last], sample.owed[layer]
    for _ in range(owed // 4):
        for neuron in range(state.shape[0]):
            push = share * drive[neuron]
            new = min(max(old_share * state[neuron] + push, zero), one)
            new = min(max(old_share * new + push, zero), one)
            new = min(max(old_share * new + push, zero), one)
            state[neuron] = min(max(old_share * new + push, zero), one)
    for _ in range(owed % 4):
        for neuron in range(state.shape[0]):
            new = old_share * state[neuron] + share * drive[neuron]
            state[neuron] = min(max(new, zero), one)
    sample.owed[layer] = 0
    sample.settled[layer] = 0


@inlined
def step(
    taught: Any, beta: Any, target: Any, layout: Any, weights: Any, physics: Any, sample: Any
) -> None:  # fmt: skip
    """One step of all layers."""
    layers = layout.sizes.shape[0]
    for turn in range(physics.turns):
        for layer in range(1 + turn, layers, physics.turns):
            if sample.settled[layer]:
                sample.owed[layer] += 1
                continue
            output = layer == layers - 1
            advance(layer, taught and output, beta, target, layout, physics, sample)
            if not output and turned(layer, layout, sample) == 0:
                sample.settled[layer] = is_settled(layer, layout, physics, sample)
        for layer in range(1 + turn, layers, physics.turns):
            if send(layer, layout, weights, sample):
                for beside in range(max(layer - 1, 1), min(layer + 2, layers)):
                    if beside != layer:
                        pay(beside, layout, physics, sample)
                        drive_layer(beside, layout, weights, sample)


@inlined
def rest(layout: Any, weights: Any, physics: Any, sample: Any) -> None:
    """What every sample starts from, kept apart: initial states, and what free neurons send by them."""
    layers = layout.sizes.shape[0]
    sample.state[:] = physics.initial
    sample.bits[:] = 0
    sample.fresh[:] = 0
    sample.below[:] = 0
    sample.above[:] = 0
    if physics.initial >= 0.5:
        for layer in range(1, layers):
            for neuron in range(layout.sizes[layer]):
                place = layout.words_at[layer] + neuron // WORD
                sample.fresh[place] |= uint32(1) << uint32(neuron % WORD)
            send(layer, layout, weights, sample)
    keep(sample.at_rest, sample)


@inlined
def keep(moment: Any, sample: Any) -> None:
    """Copy what a stretch starts from."""
    moment.below[:] = sample.below
    moment.above[:] = sample.above
    moment.state[:] = sample.state
    moment.bits[:] = sample.bits


@inlined
def put_back(moment: Any, layout: Any, weights: Any, sample: Any) -> None:
    """Stand again where `keep` was called."""
    sample.below[:] = moment.below
    sample.above[:] = moment.above
    sample.state[:] = moment.state
    sample.bits[:] = moment.bits
    sample.owed[:] = 0
    sample.settled[:] = 0
    for layer in range(1, layout.sizes.shape[0]):
        drive_layer(layer, layout, weights, sample)


@kernel
def present(
    first: Any, last: Any, images: Any, plan: Any, layout: Any, weights: Any, physics: Any,
    sample: Any, ends: Any, held: Any,
) -> None:  # fmt: skip
    """Present samples first..last - 1 through all stretches of a plan.

    Args:
        sample: room for one.
        ends: (stretches, samples, words) the bits that free neurons send at the end of each stretch.
        held: (samples, outputs) states of the outputs at the end of the free phase.
    """
    output = layout.sizes.shape[0] - 1
    rest(layout, weights, physics, sample)
    for number in range(first, last):
        clamp(images[number], layout, weights, sample)
        sample.at_rest.below[: layout.sizes[1]] = sample.below[: layout.sizes[1]]
        put_back(sample.at_rest, layout, weights, sample)
        for stretch in range(plan.steps.shape[0]):
            if plan.back[stretch]:
                put_back(sample.kept, layout, weights, sample)
            for _ in range(plan.steps[stretch]):
                step(
                    plan.taught[stretch], plan.betas[number, stretch], plan.targets[number],
                    layout, weights, physics, sample,
                )  # fmt: skip
            ends[stretch, number, :] = sample.bits
            if stretch + 1 < plan.steps.shape[0]:
                for layer in range(1, layout.sizes.shape[0]):
                    pay(layer, layout, physics, sample)
            if stretch == plan.kept:
                keep(sample.kept, sample)
                held[number, :] = sample.state[layout.starts[output] : layout.starts[output + 1]]

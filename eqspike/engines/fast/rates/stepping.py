"""Kernels that present samples: the compiled twin of `core.messages`.

A message costs its fan-out, and a layer that no message has reached and that did not change by itself costs
nothing; a sample in which all layers sleep is at rest, and the rest of its phase is left out. What is left out
would change nothing, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.rates.layout import BINARY, HARD_SIGMOID, SIGMOID_4


@inlined
def add_scaled(total: Any, row: Any, factor: Any) -> None:
    """total += factor x row."""
    for i in range(total.shape[0]):
        total[i] += factor * row[i]


@inlined
def rate_of(kind: Any, drive: Any) -> Any:
    """rho of a drive."""
    if kind == SIGMOID_4:
        return 1.0 / (1.0 + math.exp(-4.0 * (drive - 0.5)))
    if kind == HARD_SIGMOID:
        return min(max(drive, 0.0), 1.0)
    return math.tanh(drive)


@inlined
def deliver(found: Any, outbox: Any, layout: Any, weights: Any, drive: Any, awake: Any) -> None:
    """Add the first `found` messages to the drives of the layers above and below."""
    starts, sizes = layout.starts, layout.sizes
    last = sizes.shape[0] - 1
    for index in range(found):
        layer, message = outbox.layers[index], outbox.values[index]
        place = outbox.neurons[index] - starts[layer]
        if layer < last:
            at = layout.weights_at[layer] + place * sizes[layer + 1]
            row = weights.up[at : at + sizes[layer + 1]]
            add_scaled(drive[starts[layer + 1] : starts[layer + 2]], row, message)
            awake[layer + 1] = 1
        if layer > 1:
            at = layout.weights_at[layer - 1] + place * sizes[layer - 1]
            row = weights.down[at : at + sizes[layer - 1]]
            add_scaled(drive[starts[layer - 1] : starts[layer]], row, message)
            awake[layer - 1] = 1


@inlined
def advance_layer(
    layer: Any, first: Any, last: Any, taught: Any, beta: Any, target: Any, physics: Any, bias: Any,
    drive: Any, state: Any, sent: Any, outbox: Any, found: Any,
) -> Any:  # fmt: skip
    """Update neurons first..last - 1 of a layer; returns whether any changed, and the number of messages."""
    threshold, share = physics.parameters[0], physics.parameters[1]
    changed = False
    for neuron in range(first, last):
        old = state[neuron]
        total = drive[neuron] + bias[neuron]
        nudge = beta * (target[neuron - first] - old) if taught else beta * 0
        if physics.kind == BINARY:
            new = (1 - share) * old + share * (total + nudge)
            new = min(max(new, 0.0), 1.0)
        elif physics.inside:
            new = rate_of(physics.kind, total + nudge)
        else:
            new = rate_of(physics.kind, total) + nudge
        state[neuron] = new
        new = state[neuron]
        if new != old:
            changed = True
        value = new
        if physics.kind == BINARY:
            value = sent[neuron] * 0 + (1 if new >= 0.5 else 0)
        moved = value - sent[neuron]
        if abs(moved) > threshold:
            outbox.neurons[found] = neuron
            outbox.layers[found] = layer
            outbox.values[found] = moved
            sent[neuron] = value
            found += 1
    return changed, found


@inlined
def step_sample(
    sample: Any, taught: Any, beta: Any, target: Any, layout: Any, weights: Any, physics: Any,
    batch: Any, outbox: Any, sent_by: Any,
) -> bool:  # fmt: skip
    """One step of all layers of a sample; returns whether any layer was awake.

    Args:
        sent_by: (free neurons,) messages of each so far.
    """
    starts, layers = layout.starts, layout.sizes.shape[0]
    drive, state, sent = batch.drive[sample], batch.state[sample], batch.sent[sample]
    awake = batch.awake[sample]
    any_awake = False
    for turn in range(physics.turns):
        found = 0
        for layer in range(1 + turn, layers, physics.turns):
            if awake[layer] == 0:
                continue
            any_awake = True
            nudged = taught and layer == layers - 1
            changed, found = advance_layer(
                layer, starts[layer], starts[layer + 1], nudged, beta, target, physics,
                weights.bias, drive, state, sent, outbox, found,
            )  # fmt: skip
            awake[layer] = 1 if changed else 0
        deliver(found, outbox, layout, weights, drive, awake)
        for index in range(found):
            sent_by[outbox.neurons[index]] += 1
    return any_awake


@kernel
def start(
    first: Any, last: Any, layout: Any, weights: Any, physics: Any, batch: Any, outbox: Any,
    input_sent: Any, sent_by: Any,
) -> None:  # fmt: skip
    """Begin samples first..last - 1: the input and all initial rates that are not 0 are sent."""
    starts, sizes, initial = layout.starts, layout.sizes, physics.parameters[2]
    value = initial
    if physics.kind == BINARY:
        value = initial * 0 + (1 if initial >= 0.5 else 0)
    for sample in range(first, last):
        drive = batch.drive[sample]
        drive[:] = 0
        batch.state[sample, :] = initial
        batch.sent[sample, :] = value
        for pixel in range(sizes[0]):
            rate = batch.inputs[sample, pixel]
            if rate != 0:
                input_sent[pixel] += 1
                row = weights.up[pixel * sizes[1] : (pixel + 1) * sizes[1]]
                add_scaled(drive[: sizes[1]], row, rate)
        if value != 0:
            found = 0
            for layer in range(1, sizes.shape[0]):
                for neuron in range(starts[layer], starts[layer + 1]):
                    outbox.neurons[found] = neuron
                    outbox.layers[found] = layer
                    outbox.values[found] = value
                    sent_by[neuron] += 1
                    found += 1
            deliver(found, outbox, layout, weights, drive, batch.awake[sample])
        batch.awake[sample, :] = 1


@kernel
def relax(
    first: Any, last: Any, steps: Any, taught: Any, betas: Any, targets: Any, layout: Any,
    weights: Any, physics: Any, batch: Any, outbox: Any, sent_by: Any,
) -> None:  # fmt: skip
    """Steps of samples first..last - 1 with weights held.

    Args:
        betas: signed nudging strength of each sample; targets: (samples, outputs).
    """
    for sample in range(first, last):
        if taught:
            batch.awake[sample, -1] = 1
        for _ in range(steps):
            if not step_sample(
                sample, taught, betas[sample], targets[sample], layout, weights, physics, batch,
                outbox, sent_by,
            ):  # fmt: skip
                break

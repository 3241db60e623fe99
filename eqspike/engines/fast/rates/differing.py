"""Kernels of nudged phases in difference form: the compiled twin of `core.messages`.

As in `stepping`, a message costs its fan-out, and a layer that no message has reached and that did not change by
itself costs nothing. At first all differences are 0, so that only the outputs are awake.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.rates.layout import HARD_SIGMOID, SIGMOID_4, Floats
from eqspike.engines.fast.rates.stepping import deliver


class FreeEnd(NamedTuple):
    """A batch at the end of its free phase, each (samples, free neurons).

    Attributes:
        drive: a + b; rate: rho of it; value: v.
    """

    drive: Floats
    rate: Floats
    value: Floats


@inlined
def change_of(kind: Any, drive: Any, rate: Any, more: Any) -> Any:
    """rho(drive + more) - rate, rate being rho(drive); see `core.activations`."""
    if kind == HARD_SIGMOID:
        return min(max(more + (drive - rate), -rate), 1.0 - rate)
    if kind == SIGMOID_4:
        turned = math.tanh(2.0 * more)
        return 2.0 * rate * (1.0 - rate) * turned / (1.0 + (2.0 * rate - 1.0) * turned)
    turned = math.tanh(more)
    return (1.0 - rate * rate) * turned / (1.0 + rate * turned)


@inlined
def advance_differences(
    layer: Any, first: Any, last: Any, taught: Any, beta: Any, target: Any, physics: Any, free: Any,
    sample: Any, drive: Any, state: Any, sent: Any, outbox: Any, found: Any,
) -> Any:  # fmt: skip
    """Update neurons first..last - 1 of a layer; returns whether any changed, and the number of messages."""
    threshold, changed = physics.parameters[0], False
    for neuron in range(first, last):
        old, point, rate = state[neuron], free.drive[sample, neuron], free.rate[sample, neuron]
        nudge = beta * 0
        if taught:
            nudge = beta * (target[neuron - first] - free.value[sample, neuron] - old)
        if physics.inside:
            state[neuron] = change_of(physics.kind, point, rate, drive[neuron] + nudge)
        else:
            state[neuron] = change_of(physics.kind, point, rate, drive[neuron]) + nudge
        new = state[neuron]
        if new != old:
            changed = True
        moved = new - sent[neuron]
        if abs(moved) > threshold:
            outbox.neurons[found] = neuron
            outbox.layers[found] = layer
            outbox.values[found] = moved
            sent[neuron] = new
            found += 1
    return changed, found


@inlined
def step_differences(
    sample: Any, taught: Any, beta: Any, target: Any, layout: Any, weights: Any, physics: Any,
    free: Any, batch: Any, outbox: Any, sent_by: Any,
) -> bool:  # fmt: skip
    """One step of all layers of a sample; returns whether any layer was awake."""
    starts, layers = layout.starts, layout.sizes.shape[0]
    drive, state, sent = batch.drive[sample], batch.state[sample], batch.sent[sample]
    awake, any_awake = batch.awake[sample], False
    for turn in range(physics.turns):
        found = 0
        for layer in range(1 + turn, layers, physics.turns):
            if awake[layer] == 0:
                continue
            any_awake = True
            nudged = taught and layer == layers - 1
            changed, found = advance_differences(
                layer, starts[layer], starts[layer + 1], nudged, beta, target, physics, free,
                sample, drive, state, sent, outbox, found,
            )  # fmt: skip
            awake[layer] = 1 if changed else 0
        deliver(found, outbox, layout, weights, drive, awake)
        for index in range(found):
            sent_by[outbox.neurons[index]] += 1
    return any_awake


@kernel
def relax_differences(
    first: Any, last: Any, steps: Any, taught: Any, betas: Any, targets: Any, layout: Any,
    weights: Any, physics: Any, free: Any, batch: Any, outbox: Any, sent_by: Any,
) -> None:  # fmt: skip
    """Steps of samples first..last - 1.

    Args:
        weights: transposed; physics: with the threshold of differences.
        betas: signed nudging strength of each sample; targets: (samples, outputs).
    """
    for sample in range(first, last):
        if taught:
            batch.awake[sample, -1] = 1
        for _ in range(steps):
            if not step_differences(
                sample, taught, betas[sample], targets[sample], layout, weights, physics, free, batch,
                outbox, sent_by,
            ):  # fmt: skip
                break

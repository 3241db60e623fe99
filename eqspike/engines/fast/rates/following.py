"""Kernels that change weights by what q of two moments asks: cost follows the neurons that moved.

    W(pre, post) += rate sum over samples of sign (post' pre' - post pre)
                  = rate sum of sign ((post' - post) pre' + post (pre' - pre))

where the second line needs only neurons that moved; ' marks the later moment. Rules that change each direction by
its receiver take (post' - post) pre for the forward weight and (pre' - pre) post for the backward one. In
difference form, moves are those of differences, and they are multiplied by the mean of both states, or by the free
one.
"""

from __future__ import annotations

from typing import Any

from eqspike.engines.fast.compilation import inlined, kernel
from eqspike.engines.fast.rates.stepping import add_scaled, step_sample


@kernel
def write_input(
    first: Any, last: Any, inputs: Any, moves: Any, rate: Any, into: Any, filled: Any
) -> None:
    """Rows first..last - 1 of the input's weights += rate x sum over samples of input x move.

    Args:
        moves: sign x (q' - q) of the first free layer, (samples, neurons).
        into: (pixels, neurons); filled: (pixels,) weights of each row that are not 0, kept up to date.
    """
    samples, width = moves.shape
    total = moves[0].copy()
    for pixel in range(first, last):
        dark = True
        for sample in range(samples):
            level = inputs[sample, pixel]
            if level != 0:
                if dark:
                    total[:] = 0
                    dark = False
                add_scaled(total, moves[sample], level)
        if dark:
            continue
        row = into[pixel]
        number = 0
        for i in range(width):
            row[i] += rate * total[i]
            if row[i] != 0:
                number += 1
        filled[pixel] = number


@inlined
def note_moves(before: Any, after: Any, moved: Any) -> None:
    """moved[neuron] = whether its q differs between two moments in any sample."""
    moved[:] = 0
    for sample in range(before.shape[0]):
        for neuron in range(before.shape[1]):
            if before[sample, neuron] != after[sample, neuron]:
                moved[neuron] = 1


@inlined
def gather(
    senders: Any, receivers: Any, before: Any, after: Any, partner: Any, signs: Any, moved: Any, into: Any
) -> None:  # fmt: skip
    """into[sender] = sum over samples of sign x (q' - q of the sender) x partner, of senders that moved.

    Args:
        senders, receivers: first and last free neuron, exclusive, of both layers.
        partner: q of the receivers, (samples, free neurons).
    """
    low, high = senders
    for neuron in range(low, high):
        if moved[neuron]:
            into[neuron - low, :] = 0
    for sample in range(before.shape[0]):
        other = partner[sample, receivers[0] : receivers[1]]
        for neuron in range(low, high):
            move = after[sample, neuron] - before[sample, neuron]
            if move != 0:
                add_scaled(into[neuron - low], other, move * signs[sample])


@inlined
def write_coupling(
    coupling: Any, before: Any, after: Any, of_pres: Any, of_posts: Any, signs: Any, rate: Any,
    each_way: Any, layout: Any, up: Any, down: Any, moved: Any, by_post: Any, by_pre: Any,
) -> None:  # fmt: skip
    """Change one coupling between free layers, in both of its arrays.

    Args:
        of_pres, of_posts: what moves of the other side are multiplied by, (samples, free neurons).
        each_way: each direction by its receiver's move; else one change for both.
        by_post, by_pre: room for what moves of either side ask, flat.
    """
    starts, sizes = layout.starts, layout.sizes
    pre, post = sizes[coupling], sizes[coupling + 1]
    pres = (starts[coupling], starts[coupling + 1])
    posts = (starts[coupling + 1], starts[coupling + 2])
    at, end = layout.weights_at[coupling], layout.weights_at[coupling + 1]
    asked_by_post = by_post[at:end].reshape(post, pre)
    asked_by_pre = by_pre[at:end].reshape(pre, post)
    forward, backward = up[at:end].reshape(pre, post), down[at:end].reshape(post, pre)
    gather(posts, pres, before, after, of_pres, signs, moved, asked_by_post)
    gather(pres, posts, before, after, of_posts, signs, moved, asked_by_pre)
    for j in range(post):
        if moved[posts[0] + j]:
            for i in range(pre):
                forward[i, j] += rate * asked_by_post[j, i]
                if not each_way:
                    backward[j, i] += rate * asked_by_post[j, i]
    for i in range(pre):
        if moved[pres[0] + i]:
            for j in range(post):
                if not each_way:
                    forward[i, j] += rate * asked_by_pre[i, j]
                backward[j, i] += rate * asked_by_pre[i, j]


@kernel
def write_hidden(
    before: Any, after: Any, of_pres: Any, of_posts: Any, signs: Any, rates: Any, each_way: Any,
    layout: Any, up: Any, down: Any, moved: Any, by_post: Any, by_pre: Any,
) -> None:  # fmt: skip
    """Change all couplings between free layers by what two moments ask; `moved` is noted."""
    note_moves(before, after, moved)
    for coupling in range(1, layout.sizes.shape[0] - 1):
        write_coupling(
            coupling, before, after, of_pres, of_posts, signs, rates[coupling], each_way, layout, up,
            down, moved, by_post, by_pre,
        )  # fmt: skip


@inlined
def write_biases(
    before: Any, after: Any, signs: Any, rates: Any, layout: Any, bias: Any, moved: Any, awake: Any
) -> None:
    """Change the biases of neurons that moved, and wake their layers."""
    for layer in range(1, layout.sizes.shape[0]):
        for neuron in range(layout.starts[layer], layout.starts[layer + 1]):
            if moved[neuron]:
                total = before[0, neuron] * 0
                for sample in range(before.shape[0]):
                    total += signs[sample] * (after[sample, neuron] - before[sample, neuron])
                bias[neuron] += rates[layer - 1] * total
                awake[:, layer] = 1


@kernel
def follow(
    steps: Any, betas: Any, targets: Any, signs: Any, rates: Any, bias_rates: Any, each_way: Any,
    layout: Any, weights: Any, physics: Any, batch: Any, outbox: Any, sent_by: Any, moved: Any,
    moved_number: Any, by_post: Any, by_pre: Any,
) -> None:  # fmt: skip
    """Nudged steps of a whole batch, each followed by its write to all weights but the input's.

    One thread: samples share the weights that each step changes.

    Args:
        moved_number: (layers, steps) neurons that moved in some sample, in each step.
    """
    batch.awake[:, -1] = 1
    for step in range(steps):
        batch.before[:] = batch.sent
        for sample in range(batch.sent.shape[0]):
            step_sample(
                sample, True, betas[sample], targets[sample], layout, weights, physics, batch,
                outbox, sent_by,
            )  # fmt: skip
        note_moves(batch.before, batch.sent, moved)
        for coupling in range(1, layout.sizes.shape[0] - 1):
            write_coupling(
                coupling, batch.before, batch.sent, batch.before if each_way else batch.sent,
                batch.before, signs, rates[coupling], each_way, layout, weights.up, weights.down,
                moved, by_post, by_pre,
            )  # fmt: skip
        write_biases(
            batch.before, batch.sent, signs, bias_rates, layout, weights.bias, moved, batch.awake
        )
        for layer in range(1, layout.sizes.shape[0]):
            moved_number[layer, step] = moved[layout.starts[layer] : layout.starts[layer + 1]].sum()


@kernel
def count_filled(matrix: Any, of_rows: Any, of_columns: Any) -> None:
    """Number of weights that are not 0 in each row and in each column."""
    of_rows[:] = 0
    of_columns[:] = 0
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            if matrix[i, j] != 0:
                of_rows[i] += 1
                of_columns[j] += 1

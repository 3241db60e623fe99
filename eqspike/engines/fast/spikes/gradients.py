"""The rule over all steps that learn, evaluated from the recorded spikes and combinations of traces.

With weights fixed meanwhile, the sum over time of (spike x combination) can be taken at the end: the same
products as event by event, grouped by input level and by postsynaptic neuron.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eqspike.engines.fast.arithmetic import add_row_parts, add_rows, add_weighted_rows, fill
from eqspike.engines.fast.compilation import inlined


@inlined
def sum_rows(rows: Any, total: Any) -> None:
    """total = the sum of all rows."""
    fill(total, rows.dtype.type(0))
    for t in range(rows.shape[0]):
        row = rows[t]
        for i in range(total.shape[0]):
            total[i] += row[i]


@inlined
def scale_into(source: Any, scale: Any, target: Any) -> None:
    """target = source * scale."""
    for i in range(source.shape[0]):
        target[i] = source[i] * scale


@inlined
def input_gradients(
    combined: Any, combination_sum: Any, toggles: Any, learning_at: Any, columns: Any, slots: Any,
    groups: Any, coefficients: Any, signs: Any, steps_list: Any, scale: Any, result: Any,
) -> None:  # fmt: skip
    """Sum of (input event) x (combination d) for each input group.

    A group sends `coefficient + sign * toggle`, so its sum is coefficient * sum(d) + sign * (sum of d over toggled
    steps). `combined` (steps, neurons), `learning_at` (steps,); `result` (slots, width of the first free layer).
    """
    steps = combined.shape[0]
    for group in range(groups):
        column = columns[group]
        count = np.int64(0)
        for t in range(steps):
            steps_list[count] = t
            count += toggles[learning_at[t], column]
        change = result[slots[group]]
        fill(change, scale - scale)
        add_rows(change, combined, steps_list, count)
        coefficient, sign = coefficients[group], signs[group]
        for i in range(change.shape[0]):
            change[i] = (coefficient * combination_sum[i] + sign * change[i]) * scale


@inlined
def coupling_gradients(
    spike_history: Any, at_pre: Any, at_post: Any, sizes: Any, starts: Any, steps_list: Any, scale: Any,
    result: Any,
) -> None:  # fmt: skip
    """Sum of S_pre d_post + S_post d_pre for each coupling between free layers, d being the combinations `at_pre`
    and `at_post`, (steps, neurons); `result` is transposed: (couplings, above, below)."""
    steps = spike_history.shape[0]
    for layer in range(1, sizes.shape[0] - 1):
        lower, upper = starts[layer], starts[layer + 1]
        for post in range(sizes[layer + 1]):
            change = result[layer - 1, post, : upper - lower]
            fill(change, scale - scale)
            add_weighted_rows(change, spike_history, lower, at_pre, upper + post)
            count = np.int64(0)
            for t in range(steps):
                steps_list[count] = t
                count += np.int64(spike_history[t, upper + post] > 0)
            add_row_parts(change, at_post, lower, steps_list, count)
            scale_into(change, scale, change)

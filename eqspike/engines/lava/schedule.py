"""What the sources of the stock graph send: lines times steps, all samples one after the other.

The teacher's lines, with N outputs:

    0 .. N-1        target spikes that reach output j through +nudge
    N               gate of the relays whose spikes reach the outputs through -nudge
    N+1 .. 2N, 2N+1 the same with the signs exchanged, for samples with negative beta; only where signs are drawn
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNudge
from eqspike.core.learner import Images, Keys, Labels
from eqspike.systems import System

Lines = NDArray[np.uint8]


def input_lines(system: System, images: Images, keys: Keys, steps: int) -> Lines:
    """Spikes of the input: (pixels, samples x steps) of 0 and 1, from the first `steps` of each presentation."""
    rule, encoder = system.rule, system.encoder
    whole = rule.free_steps + rule.nudged_steps
    sent = [
        encoder.encode(image, whole, int(key))[:steps]
        for image, key in zip(images, keys, strict=True)
    ]
    lines: Lines = np.concatenate(sent).T.astype(np.uint8)
    return lines


def teacher_lines(
    nudge: LoihiNudge, outputs: int, labels: Labels, signs: NDArray[np.int64], free: int, nudged: int
) -> Lines:  # fmt: skip
    """Spikes of the teacher: (lines, samples x steps) of 0 and 1, all of them in the nudged phase.

    Args:
        nudge: its weights and target train; outputs: number of output neurons.
        labels: right output of each sample; signs: +1 or -1, that of beta.
        free, nudged: steps of the phases.
    """
    groups = 2 if nudge.random_sign else 1
    sent = np.zeros((len(labels), groups, outputs + 1, free + nudged), np.uint8)
    for sample, (label, sign) in enumerate(zip(labels, signs, strict=True)):
        group = 0 if sign > 0 else 1
        sent[sample, group, label, free:] = nudge.targets(nudged)
        sent[sample, group, outputs, free:] = 1
    return sent.transpose(1, 2, 0, 3).reshape(groups * (outputs + 1), -1)

"""Rate-based networks in Lava's integers, seen from the session: what goes into the child and what comes back."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.graded import GradedNetwork
from eqspike.engines.integers.graded import Batch, Presented
from eqspike.engines.integers.graded_learning import Lesson, Taught
from eqspike.engines.lava.child import PATIENCE_S, Child
from eqspike.engines.lava.files import LEVELS, RATES, SIGNS, WORDS, probed, relearnt
from eqspike.engines.lava.rates.form import RateForm, integer_form, teacher_words

BLOCK_SAMPLES = 20
"""Samples presented by one run: bounds the size of what is recorded."""


class LavaPresenter:
    """See `engines.integers.graded_learning.Teacher`.

    Args:
        sparse: whether connections are Lava's `Sparse` instead of `Dense`.
        patience_s: seconds without progress after which Lava counts as hung.
    """

    def __init__(self, sparse: bool = False, patience_s: float = PATIENCE_S) -> None:
        self._sparse = sparse
        self._child = Child(patience_s)

    def load(self, network: GradedNetwork) -> None:
        """Replace the integers."""
        self._network = network

    def present(self, batch: Batch, traced: bool) -> Presented:
        """Present samples, each from its onset."""
        form = integer_form(self._network, batch, self._sparse)
        blocks = [
            present_form(self._child, form, part_of(batch, first))
            for first in range(0, len(batch.images), BLOCK_SAMPLES)
        ]
        found = {kind: np.concatenate([block[kind] for block in blocks]) for kind in blocks[0]}
        return self._presented(batch, found, traced)

    def learn(self, lesson: Lesson) -> Taught:
        """All samples in one run, with couplings of ours that learn instead of stock connections."""
        batch, folder = lesson.batch, self._child.folder
        names = [coupling.name for coupling in self._network.couplings]
        form = replace(
            integer_form(self._network, batch, self._sparse),
            lessons=tuple(
                (name, {"rule": rule, "counters": counters})
                for name, rule, counters in zip(names, lesson.rules, lesson.counters, strict=True)
            ),
        )
        found = present_form(self._child, form, batch)
        learnt = []
        for name in names:
            with np.load(folder / relearnt(name)) as file:
                learnt.append({key: file[key].astype(np.int64) for key in file.files})
        return Taught(
            self._presented(batch, found, traced=False),
            [of["counters"] for of in learnt],
            [of["flips"] for of in learnt],
            [int(of["candidates"]) for of in learnt],
        )

    def close(self) -> None:
        """End Lava."""
        self._child.close()

    def _presented(self, batch: Batch, found: dict[str, NDArray[Any]], traced: bool) -> Presented:
        outputs, shown = self._network.layers[-1].size, slice(1, None if traced else 1)
        return Presented(
            found["state"][:, batch.free_steps, -outputs:],
            message_counts(batch, found["messages"]),
            found["state"][:, shown],
            found["sent"][:, shown],
        )


def part_of(batch: Batch, first: int) -> Batch:
    """A block of a batch."""
    part = slice(first, first + BLOCK_SAMPLES)
    return Batch(
        batch.images[part],
        batch.targets[part],
        batch.signs[part],
        batch.free_steps,
        batch.nudged_steps,
        batch.passes,
    )


def present_form(child: Child, form: RateForm, batch: Batch) -> dict[str, NDArray[Any]]:
    """Have a block presented; `messages`, `state` and `sent`, (samples, steps with the onset, free neurons)."""
    folder, samples = child.folder, len(batch.images)
    levels = batch.images if form.number is np.int32 else batch.images / 255
    (folder / RATES).write_bytes(pickle.dumps(form))
    np.save(folder / LEVELS, levels)
    np.save(folder / WORDS, teacher_words(batch))
    np.save(folder / SIGNS, batch.signs[:, None])
    child.ask("present_rates", samples=samples)
    found: dict[str, list[NDArray[Any]]] = {}
    for name, bias in form.layers:
        for kind, file in probed(name).items():
            rows = np.load(folder / file)
            found.setdefault(kind, []).append(rows.reshape(samples, form.period, len(bias)))
            (folder / file).unlink()
    return {kind: np.concatenate(parts, 2) for kind, parts in found.items()}


def message_counts(batch: Batch, messages: NDArray[Any]) -> NDArray[np.int64]:
    """Messages of each neuron by phase, the input's first: (2, neurons)."""
    onset_and_free = 1 + batch.free_steps
    of_input = np.count_nonzero(batch.images, 0)
    parts = (messages[:, :onset_and_free], messages[:, onset_and_free:])
    of_free = [np.count_nonzero(part, (0, 1)) for part in parts]
    inputs = (of_input, np.zeros_like(of_input))
    return np.stack([np.concatenate(pair) for pair in zip(inputs, of_free, strict=True)])

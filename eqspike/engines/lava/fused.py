"""A network as one Lava process: any system, at the speed of compiled code, in Loihi's integers or in float64."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core import errors
from eqspike.core.counts import EventCounts
from eqspike.core.errors import EngineError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.trace import Trace
from eqspike.engines.lava import files
from eqspike.engines.lava.child import PATIENCE_S, Child
from eqspike.engines.lava.messages import (
    Kind,
    Words,
    message_words,
    order,
    pack,
    result_words,
    unpack_results,
)
from eqspike.engines.lava.presenter import FIXED, FLOATING
from eqspike.engines.offers import refuse_learning, refuse_unlike
from eqspike.systems import System
from eqspike.systems.checks import check_images, check_labels
from eqspike.systems.weights import check_arrays, expected_shapes, kept_beside

CAPACITY = 256
"""Messages handed over at a time."""


class FusedSession:
    """A system inside one Lava process, where its weights stay. A context manager.

    Args:
        system: what to simulate.
        seed: initial weights are drawn from it.
        arithmetic: `fixed_pt` for Loihi's integers, without learning; `floating_pt` for the system itself in
            float64, with learning.
        patience_s: seconds without progress after which Lava counts as hung.

    Raises:
        UnsupportedError: for a system that Loihi's neurons or spikes cannot carry, with `fixed_pt`.
        MissingPackageError: if Lava is not installed.
    """

    def __init__(
        self, system: System, seed: int = 0, arithmetic: str = FLOATING, patience_s: float = PATIENCE_S
    ) -> None:  # fmt: skip
        refuse_unlike(system, f"lava:fused:{arithmetic}")
        self.system, self.arithmetic = system, arithmetic
        self._pixels = system.network.input.size
        words, out_words = message_words(self._pixels), result_words(system.network.output.size)
        from eqspike.engines.fast.compilation import announce_first_use

        announce_first_use("int32" if arithmetic == FIXED else "float64")
        self._child = Child(patience_s)
        folder = self._child.folder
        (folder / files.SYSTEM).write_bytes(pickle.dumps((system, seed)))
        np.save(folder / files.START, np.zeros(1, np.int64))
        np.save(folder / files.INBOX, np.zeros((CAPACITY, words), np.int32))
        np.save(folder / files.OUTBOX, np.zeros((CAPACITY, out_words), np.int32))
        self._inbox = np.load(folder / files.INBOX, mmap_mode="r+")
        self._outbox = np.load(folder / files.OUTBOX, mmap_mode="r")
        self._child.ask("open_fused", words=words, result_words=out_words, arithmetic=arithmetic)

    def __enter__(self) -> FusedSession:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._child.close()

    def fit(
        self, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
    ) -> NDArray[Any]:
        """Learn from one batch, inside the process; see `core.learner.Session`.

        Raises:
            UnsupportedError: in Loihi's integers, which have no batches to sum.
        """
        refuse_learning(self.system, f"lava:fused:{self.arithmetic}")
        self._check(images, labels)
        kinds = (Kind.LEARN, Kind.LEARN_ALL)
        self._send(pack(images, keys, kinds, labels, rate_factor, write_key))
        return np.asarray(np.load(self._child.folder / files.SCORES, allow_pickle=False))

    def scores(self, images: Images, keys: Keys) -> NDArray[Any]:
        """Read-out of the free phase: (samples, outputs), in spikes."""
        check_images(images, self._pixels)
        return self._send(pack(images, keys, (Kind.SCORE, Kind.SCORE)))[1]

    def trace(self, images: Images, labels: Labels, keys: Keys) -> Trace:
        """Spikes and states of every free neuron through both phases; nothing is counted."""
        self._check(images, labels)
        self._send(pack(images, keys, (Kind.WATCH, Kind.WATCH_ALL), labels))
        spikes: dict[str, NDArray[np.uint8]] = {}
        states: dict[str, NDArray[Any]] = {}
        with np.load(self._child.folder / files.RASTER, allow_pickle=False) as file:
            for name in file.files:
                what, layer = name.split(" ", 1)
                (spikes if what == "spikes" else states)[layer] = file[name]
        (self._child.folder / files.RASTER).unlink()
        return Trace(spikes, states)

    def weights(self) -> Arrays:
        """Copies of the stored weights and biases by name, and of what the memory keeps beside them."""
        self._order(Kind.SAVE)
        with np.load(self._child.folder / files.WEIGHTS, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def load(self, weights: Arrays) -> None:
        """Replace all stored weights and biases, and what the memory keeps: anew, if it is not given.

        Raises:
            ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
        """
        kept = kept_beside(self.system, weights)
        given = {name: array for name, array in weights.items() if name not in kept}
        check_arrays(given, expected_shapes(self.system))
        with open(self._child.folder / files.WEIGHTS, "wb") as file:
            np.savez(file, **weights)
        self._order(Kind.LOAD)

    def take_counts(self) -> EventCounts:
        """Events since the last call, which starts the counting anew."""
        self._order(Kind.COUNT)
        return EventCounts.from_json(json.loads((self._child.folder / files.COUNTS).read_text()))

    def _check(self, images: Images, labels: Labels) -> None:
        check_images(images, self._pixels)
        check_labels(labels, len(images), self.system.network.output.size)

    def _order(self, kind: Kind) -> None:
        self._send(order(kind, self._pixels))

    def _send(self, messages: Words) -> tuple[Words, NDArray[np.float64]]:
        """Numbers and scores that answer the messages.

        Raises:
            EqspikeError: the one that was raised inside the process.
        """
        numbers, scores = [], [np.zeros((0, self.system.network.output.size))]
        for first in range(0, len(messages), CAPACITY):
            part = messages[first : first + CAPACITY]
            self._inbox[: len(part)] = part
            self._child.ask("run_fused", messages=len(part))
            statuses, number, score = unpack_results(np.array(self._outbox[: len(part)]))
            if statuses.any():
                raise self._error()
            numbers.append(number)
            scores.append(score)
        return np.concatenate(numbers or [np.zeros(0, np.int32)]), np.concatenate(scores)

    def _error(self) -> errors.EqspikeError:
        described = json.loads((self._child.folder / files.ERROR).read_text())
        kind: type[errors.EqspikeError] = getattr(errors, described["kind"], EngineError)
        return kind(described["text"])

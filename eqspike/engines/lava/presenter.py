"""What happens inside the fused process: a compiled session that obeys messages. It knows nothing of Lava."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.core.errors import EqspikeError
from eqspike.core.learner import Session
from eqspike.engines.lava.files import COUNTS, ERROR, RASTER, SCORES, SYSTEM, WEIGHTS
from eqspike.engines.lava.messages import Kind, Message, Words, pack_result, unpack
from eqspike.systems import System

FIXED, FLOATING = "fixed_pt", "floating_pt"
"""Lava's names of the two arithmetics, which are the tags of the process models."""


class Presenter:
    """A session opened on the system in the folder, and the samples kept until the last of a batch has come.

    Args:
        folder: where files are handed over; arithmetic: `fixed_pt` or `floating_pt`.
    """

    def __init__(self, folder: Path, arithmetic: str) -> None:
        # Written by the parent, in a folder that nobody else may enter.
        system, seed = pickle.loads((folder / SYSTEM).read_bytes())
        self.folder = folder
        self.outputs = system.network.output.size
        self.session: Any = open_compiled(system, seed, arithmetic)
        self._kept: list[Message] = []
        self._handlers: dict[Kind, Callable[[Message], Words]] = {
            Kind.SCORE: self._score,
            Kind.LEARN: self._keep,
            Kind.LEARN_ALL: self._learn,
            Kind.WATCH: self._keep,
            Kind.WATCH_ALL: self._watch,
            Kind.LOAD: self._load,
            Kind.SAVE: self._save,
            Kind.COUNT: self._count,
        }

    def answer(self, words: Any) -> Words:
        """Do what a message asks for; an error is written to its file and reported by the status."""
        message = unpack(words)
        try:
            return self._handlers[message.kind](message)
        except EqspikeError as error:
            self._kept.clear()
            described = {"kind": type(error).__name__, "text": str(error)}
            (self.folder / ERROR).write_text(json.dumps(described))
            return self._result(status=1)

    def _result(self, status: int = 0, number: int = 0) -> Words:
        return pack_result(status, number, np.zeros(self.outputs))

    def _score(self, message: Message) -> Words:
        scores = self.session.scores(message.image[None], np.array([message.key], np.uint64))
        return pack_result(0, 0, np.asarray(scores[0], np.float64))

    def _keep(self, message: Message) -> Words:
        self._kept.append(message)
        return self._result()

    def _batch(self, last: Message) -> tuple[Any, Any, Any]:
        """All samples kept and the last one, which are then forgotten."""
        kept, self._kept = [*self._kept, last], []
        return (
            np.stack([message.image for message in kept]),
            np.array([message.label for message in kept], np.int64),
            np.array([message.key for message in kept], np.uint64),
        )

    def _learn(self, message: Message) -> Words:
        batch = self._batch(message)
        scores = self.session.fit(*batch, message.rate_factor, message.write_key)
        np.save(self.folder / SCORES, np.asarray(scores, np.float64), allow_pickle=False)
        return self._result()

    def _watch(self, message: Message) -> Words:
        spikes, states = self.session.trace(*self._batch(message))
        arrays = {f"spikes {name}": array for name, array in spikes.items()}
        arrays.update({f"states {name}": array for name, array in states.items()})
        _write_arrays(self.folder / RASTER, arrays)
        return self._result()

    def _load(self, message: Message) -> Words:
        del message
        with np.load(self.folder / WEIGHTS, allow_pickle=False) as file:
            self.session.load({name: file[name] for name in file.files})
        return self._result()

    def _save(self, message: Message) -> Words:
        del message
        _write_arrays(self.folder / WEIGHTS, self.session.weights())
        return self._result()

    def _count(self, message: Message) -> Words:
        del message
        (self.folder / COUNTS).write_text(json.dumps(self.session.take_counts().to_json()))
        return self._result()


def open_compiled(system: System, seed: int, arithmetic: str) -> Session:
    """The compiled session of an arithmetic, in float64 where it is floating."""
    if arithmetic == FIXED:
        from eqspike.engines.fast.loihi import FastIntSession

        return FastIntSession(system, seed)
    from eqspike.engines.fast import FastSession

    return FastSession(replace(system, precision="float64"), seed)


def _write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    with open(path, "wb") as file:
        np.savez(file, **arrays)

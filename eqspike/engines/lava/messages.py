"""The messages of the fused process: one for each sample or order, as 32-bit words, which Lava's channels carry.

    kind | label | key (2) | rate factor (2) | write key (2) | image levels (pixels)
    status | number | scores (2 each)

Longer values take two words: the 64 bits of an unsigned integer, or of a float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Images, Keys, Labels

Words = NDArray[np.int32]

_HEAD = 8
_RESULT_HEAD = 2


class Kind(IntEnum):
    """What a message asks for.

    SCORE: present this sample's free phase and send its scores.
    LEARN, WATCH: keep this sample; LEARN_ALL, WATCH_ALL: it is the last one, now learn from, or show, all kept.
    LOAD, SAVE: weights from or into their file; COUNT: event counts into theirs.
    """

    SCORE = 0
    LEARN = 1
    LEARN_ALL = 2
    WATCH = 3
    WATCH_ALL = 4
    LOAD = 5
    SAVE = 6
    COUNT = 7


@dataclass(frozen=True)
class Message:
    """One message, unpacked."""

    kind: Kind
    label: int
    key: int
    rate_factor: float
    write_key: int
    image: NDArray[np.uint8]


def message_words(pixels: int) -> int:
    """Words of a message."""
    return _HEAD + pixels


def result_words(outputs: int) -> int:
    """Words of a result."""
    return _RESULT_HEAD + 2 * outputs


def order(kind: Kind, pixels: int) -> Words:
    """A message without a sample: (1, words)."""
    words = np.zeros((1, message_words(pixels)), np.int32)
    words[:, 0] = kind
    return words


def pack(
    images: Images, keys: Keys, kinds: tuple[Kind, Kind], labels: Labels | None = None,
    rate_factor: float = 1.0, write_key: int = 0,
) -> Words:  # fmt: skip
    """Messages of samples: (samples, words). `kinds` are those of all samples but the last, and of the last."""
    words = np.zeros((len(images), message_words(images.shape[1])), np.int32)
    words[:, 0] = kinds[0]
    words[-1:, 0] = kinds[1]
    if labels is not None:
        words[:, 1] = labels
    words[:, 2:4] = _halves(keys)
    words[:, 4:6] = _halves(np.array([rate_factor]))
    words[:, 6:8] = _halves(np.array([write_key], np.uint64))
    words[:, _HEAD:] = images
    return words


def unpack(words: NDArray[Any]) -> Message:
    """The message in a vector of words, whatever its number type."""
    whole = np.asarray(words, np.int32)
    return Message(
        Kind(int(whole[0])),
        int(whole[1]),
        int(_whole(whole[2:4], np.uint64)[0]),
        float(_whole(whole[4:6], np.float64)[0]),
        int(_whole(whole[6:8], np.uint64)[0]),
        whole[_HEAD:].astype(np.uint8),
    )


def pack_result(status: int, number: int, scores: NDArray[np.float64]) -> Words:
    """A result: status 0 is well, 1 an error that is written in its file; a number; scores (outputs,)."""
    words = np.zeros(result_words(len(scores)), np.int32)
    words[:_RESULT_HEAD] = status, number
    words[_RESULT_HEAD:] = _halves(scores).ravel()
    return words


def unpack_results(words: Words) -> tuple[Words, Words, NDArray[np.float64]]:
    """Statuses, numbers and scores of results (samples, words)."""
    return words[:, 0], words[:, 1], _whole(words[:, _RESULT_HEAD:], np.float64)


def _halves(values: NDArray[Any]) -> Words:
    """64-bit values as pairs of words: (values, 2)."""
    return np.ascontiguousarray(values).reshape(-1, 1).view(np.int32)


def _whole(words: Words, kind: type) -> NDArray[Any]:
    """Pairs of words along the last axis as 64-bit values."""
    return np.ascontiguousarray(words).view(kind)

"""Whatever goes into a message of the fused process comes out of it, as integers or as float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eqspike.engines.lava.messages import (
    Kind,
    message_words,
    order,
    pack,
    pack_result,
    result_words,
    unpack,
    unpack_results,
)

WORDS_64 = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize("number", [np.int32, np.float64])
@given(
    image=arrays(np.uint8, st.integers(1, 9)),
    label=st.integers(0, 1000),
    key=WORDS_64,
    factor=st.floats(),
    write_key=WORDS_64,
)
def test_messages(
    number: type, image: np.ndarray, label: int, key: int, factor: float, write_key: int
) -> None:
    """The last message of a batch has a kind of its own."""
    images = np.stack([image, image[::-1]])
    keys = np.array([key, key ^ 1], np.uint64)
    labels = np.array([label, 0])
    words = pack(images, keys, (Kind.LEARN, Kind.LEARN_ALL), labels, factor, write_key)
    assert words.shape == (2, message_words(len(image)))
    first, last = (unpack(row.astype(number)) for row in words)
    assert (first.kind, last.kind) == (Kind.LEARN, Kind.LEARN_ALL)
    assert (first.label, first.key, first.write_key) == (label, key, write_key)
    np.testing.assert_equal(first.rate_factor, factor)
    np.testing.assert_array_equal(first.image, image)
    np.testing.assert_array_equal(last.image, image[::-1])
    assert last.key == key ^ 1


@given(scores=arrays(np.float64, st.integers(1, 5)), status=st.integers(0, 1))
def test_results(scores: np.ndarray, status: int) -> None:
    words = pack_result(status, 17, scores)
    assert words.shape == (result_words(len(scores)),)
    sent = np.stack([words.astype(np.float64)] * 2).astype(np.int32)
    statuses, numbers, found = unpack_results(sent)
    assert statuses.tolist() == [status, status]
    assert numbers.tolist() == [17, 17]
    np.testing.assert_array_equal(found, np.stack([scores, scores]))


@given(kind=st.sampled_from(Kind), pixels=st.integers(1, 9))
def test_orders(kind: Kind, pixels: int) -> None:
    (row,) = order(kind, pixels)
    assert unpack(row).kind == kind
    assert row.shape == (message_words(pixels),)

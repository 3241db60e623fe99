"""Bits in words of 32, and sums of products of bits: AND and population count.

Of weights +1 and -1, kept as bits w, and neurons that send v, 0 or 1:

    sum of weight v  =  2 popcount(w & v) - popcount(v)                 32 products in two instructions

A word is as wide as a float32 and an int32, so that a vector register holds one lane of each. LLVM turns
`popcount` into the processor's vector instruction where it has one (AVX-512 VPOPCNTDQ), else into others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types, uint32
from numba.extending import intrinsic
from numpy.typing import NDArray

from eqspike.engines.fast.compilation import inlined

WORD = 32
"""Bits of a word."""

Words = NDArray[np.uint32]


@intrinsic  # type: ignore[untyped-decorator]
def popcount(typing_context: Any, word: Any) -> Any:
    """Number of ones in a word of 32 bits."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.ctpop(arguments[0])

    return types.int32(word), generate


def words_for(bits: int) -> int:
    """Words that hold so many bits."""
    return -(-bits // WORD)


def pack(bits: NDArray[Any]) -> Words:
    """Bits (..., number) as words (..., words); the first bit is the lowest."""
    padding = [(0, 0)] * (bits.ndim - 1) + [(0, -bits.shape[-1] % WORD)]
    filled = np.pad(np.asarray(bits, bool), padding)
    packed = np.ascontiguousarray(np.packbits(filled, axis=-1, bitorder="little"))
    return packed.view("<u4").astype(np.uint32, copy=False)


def unpack(words: Words, bits: int) -> NDArray[np.bool_]:
    """The first `bits` bits of words (..., words), as (..., bits)."""
    plain = np.ascontiguousarray(words).astype("<u4", copy=False).view(np.uint8)
    return np.unpackbits(plain, axis=-1, count=bits, bitorder="little").view(np.bool_)


@inlined
def add_turned(rows: Any, old: Any, new: Any, total: Any) -> None:
    """Add to sums of weight x bit what a word of senders adds that turns from `old` to `new`.

    Args:
        rows: bits of the weights from these senders to each receiver, (receivers,); total: (receivers,).
    """
    more = popcount(new) - popcount(old)
    for receiver in range(total.shape[0]):
        weights = rows[receiver]
        total[receiver] += 2 * (popcount(weights & new) - popcount(weights & old)) - more


@inlined
def add_sent(rows: Any, sent: Any, total: Any) -> None:
    """Add to sums of weight x bit those of many words of senders.

    Args:
        rows: bits of the weights, flat, (words x receivers,); sent: (words,); total: (receivers,).
    """
    size, words = total.shape[0], sent.shape[0]
    for word in range(0, words - 3, 4):
        block = rows[word * size : (word + 4) * size]
        s0, s1, s2, s3 = sent[word], sent[word + 1], sent[word + 2], sent[word + 3]
        if s0 | s1 | s2 | s3:
            number = popcount(s0) + popcount(s1) + popcount(s2) + popcount(s3)
            for receiver in range(size):
                products = (
                    popcount(block[receiver] & s0)
                    + popcount(block[size + receiver] & s1)
                    + popcount(block[2 * size + receiver] & s2)
                    + popcount(block[3 * size + receiver] & s3)
                )
                total[receiver] += 2 * products - number
    for word in range(words // 4 * 4, words):
        add_turned(rows[word * size : (word + 1) * size], uint32(0), sent[word], total)


@inlined
def add_levels(rows: Any, planes: Any, total: Any) -> None:
    """Add the sum of level x bit over a word of pixels to the sum of each receiver.

    Args:
        rows: bits of the weights, (receivers,); planes: (8,) of each binary digit of the levels, a bit a pixel.
    """
    p0, p1, p2, p3 = planes[0], planes[1], planes[2], planes[3]
    p4, p5, p6, p7 = planes[4], planes[5], planes[6], planes[7]
    for receiver in range(total.shape[0]):
        word = rows[receiver]
        total[receiver] += (
            popcount(word & p0)
            + (popcount(word & p1) << 1)
            + (popcount(word & p2) << 2)
            + (popcount(word & p3) << 3)
            + (popcount(word & p4) << 4)
            + (popcount(word & p5) << 5)
            + (popcount(word & p6) << 6)
            + (popcount(word & p7) << 7)
        )

"""Compiling the loops over time: multiplications and additions may be contracted into one instruction."""

from __future__ import annotations

from pathlib import Path

from eqspike.core.compilation import Kernel, compile_inlined, compile_kernel

SOURCES = Path(__file__).parent


def kernel(function: Kernel) -> Kernel:
    """Compile a loop over time; see `core.compilation.compile_kernel`."""
    return compile_kernel(function, SOURCES, fastmath={"contract"})


def inlined(function: Kernel) -> Kernel:
    """Compile a loop over units into each kernel that calls it; seen whole, it becomes vector instructions."""
    return compile_inlined(function, fastmath={"contract"}, forceinline=True)

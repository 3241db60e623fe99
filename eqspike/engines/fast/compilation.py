"""Kernels of the compiled engines: how they are compiled, and how the first compilation is announced."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from eqspike.core.compilation import Kernel, compile_inlined, compile_kernel, folder_for, writable

SOURCES = Path(__file__).parent


def cache_folder() -> Path:
    """Folder of the compiled engines' kernels; see `core.compilation.folder_for`."""
    return folder_for(SOURCES)


def kernel(function: Kernel) -> Kernel:
    """Compile a kernel; see `core.compilation.compile_kernel`.

    No re-association of floating-point operations is allowed: a result depends on the source alone.
    """
    return compile_kernel(function, SOURCES)


def inlined(function: Kernel) -> Kernel:
    """Compile a small helper into each kernel that calls it."""
    return compile_inlined(function)


def announce_first_use(precision: str) -> Callable[[], None]:
    """Say, once per machine and version, that kernels are being compiled; returns what to call afterwards."""
    stamp = cache_folder() / f"compiled-{precision}"
    if stamp.exists():
        return lambda: None
    kept = writable(cache_folder())
    said = (
        "first use on this machine; kept for later"
        if kept
        else f"anew in every process, for {cache_folder()} cannot be written or is full; set EQSPIKE_CACHE"
    )
    print(f"eqspike: compiling kernels ({said})", file=sys.stderr)

    def done() -> None:
        if kept:
            with suppress(OSError):  # a disk that has filled up since
                stamp.touch()

    return done

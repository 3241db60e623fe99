"""Compiling kernels once per machine: where they are cached and how the first compilation is announced."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from platformdirs import user_cache_dir

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Folder of compiled kernels: `EQSPIKE_CACHE` if set, else the user's cache folder."""
    base = os.environ.get("EQSPIKE_CACHE") or user_cache_dir("eqspike")
    return Path(base) / "kernels"


def kernel(function: Kernel) -> Kernel:
    """Compile `function` to machine code that runs without the interpreter's lock.

    The result is cached in `cache_folder()`, never beside the source, so that a read-only installation works.
    If that folder cannot be written, the kernel is compiled anew in each process.
    No re-association of floating-point operations is allowed: a result depends on the source alone.
    """
    saved = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        cached: Kernel = numba.njit(cache=_writable(cache_folder()), nogil=True, error_model="numpy")(function)
    finally:
        numba.config.CACHE_DIR = saved
    return cached


def inlined(function: Kernel) -> Kernel:
    """Compile a small helper into each kernel that calls it."""
    compiled: Kernel = numba.njit(inline="never", nogil=True, error_model="numpy")(function)
    return compiled


def announce_first_use(precision: str) -> Callable[[], None]:
    """Say, once per machine and version, that kernels are being compiled; returns what to call afterwards."""
    stamp = cache_folder() / f"compiled-{_fingerprint()}-{precision}"
    if stamp.exists():
        return lambda: None
    print("eqspike: compiling kernels (first use on this machine; kept for later)", file=sys.stderr)

    def done() -> None:
        if _writable(cache_folder()):
            stamp.touch()

    return done


def _fingerprint() -> str:
    newest = max(path.stat().st_mtime_ns for path in Path(__file__).parent.glob("*.py"))
    return f"{numba.__version__}-{sys.version_info[0]}.{sys.version_info[1]}-{newest}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)

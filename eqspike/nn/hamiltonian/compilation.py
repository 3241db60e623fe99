"""Compiling the loops over time: once per machine and version of these sources."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from platformdirs import user_cache_dir

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def kernel(function: Kernel) -> Kernel:
    """Compile to machine code that runs without the interpreter's lock, cached in the user's cache folder.

    Numba notices a change only in the file that defines a kernel: the folder's name has a digest of all files.
    """
    saved, folder = numba.config.CACHE_DIR, _folder()
    numba.config.CACHE_DIR = str(folder)
    try:
        compiled: Kernel = numba.njit(
            cache=_writable(folder), nogil=True, error_model="numpy", fastmath={"contract"}
        )(function)
    finally:
        numba.config.CACHE_DIR = saved
    return compiled


def inlined(function: Kernel) -> Kernel:
    """Compile a loop over units into each kernel that calls it; seen whole, it becomes vector instructions."""
    compiled: Kernel = numba.njit(
        nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True,
        no_cpython_wrapper=True, no_cfunc_wrapper=True,
    )(function)  # fmt: skip
    return compiled


def _folder() -> Path:
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    base = os.environ.get("EQSPIKE_CACHE") or user_cache_dir("eqspike")
    return Path(base) / "kernels" / f"echo-{digest.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)

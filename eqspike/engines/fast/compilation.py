"""Compiling kernels once per machine: where they are cached and how the first compilation is announced."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from platformdirs import user_cache_dir

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Folder of compiled kernels: in `EQSPIKE_CACHE` if set, else in the user's cache folder.

    There is one for each version of the compiled engines' sources: Numba notices a change only in the file
    that defines a kernel, not in the files of the helpers compiled into it.
    """
    base = os.environ.get("EQSPIKE_CACHE") or user_cache_dir("eqspike")
    return Path(base) / "kernels" / fingerprint(Path(__file__).parent)


def kernel(function: Kernel) -> Kernel:
    """Compile `function` to machine code that runs without the interpreter's lock.

    The result is cached in `cache_folder()`, never beside the source, so that a read-only installation works.
    If that folder cannot be written, the kernel is compiled anew in each process.
    No re-association of floating-point operations is allowed: a result depends on the source alone.
    """
    saved = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        cached: Kernel = numba.njit(
            cache=_writable(cache_folder()), nogil=True, error_model="numpy"
        )(function)
    finally:
        numba.config.CACHE_DIR = saved
    return cached


def inlined(function: Kernel) -> Kernel:
    """Compile a small helper into each kernel that calls it; without the wrappers that only Python needs."""
    compiled: Kernel = numba.njit(
        nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return compiled


def announce_first_use(precision: str) -> Callable[[], None]:
    """Say, once per machine and version, that kernels are being compiled; returns what to call afterwards."""
    stamp = cache_folder() / f"compiled-{precision}"
    if stamp.exists():
        return lambda: None
    print("eqspike: compiling kernels (first use on this machine; kept for later)", file=sys.stderr)

    def done() -> None:
        if _writable(cache_folder()):
            stamp.touch()

    return done


@cache
def fingerprint(*folders: Path) -> str:
    """Versions of Numba and Python, and a digest of the Python files in some folders, however deep."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    versions = f"{numba.__version__}-{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{versions}-{digest.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)

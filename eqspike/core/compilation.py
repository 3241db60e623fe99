"""Compiling kernels with Numba once per machine: where they are kept, and what makes a kept one stale."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import event
from platformdirs import user_cache_dir

from eqspike.core.working_time import WORKING_TIME

ROOM = 64 << 20
"""Bytes that must be free where kernels are kept: Numba ends in an error if a disk fills up while it writes."""

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class Compiling(event.Listener):  # type: ignore[misc, unused-ignore]
    """Leaves what Numba takes to compile or load kernels out of the time at work."""

    def __init__(self) -> None:
        self._began, self._depth = 0.0, 0

    def on_start(self, event: Any) -> None:
        """A kernel that another calls is compiled within its compilation."""
        if not self._depth:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event: Any) -> None:
        """The outermost has the time of all."""
        self._depth -= 1
        if not self._depth:
            WORKING_TIME.left_out += time.perf_counter() - self._began


event.register("numba:compiler_lock", Compiling())


def folder_for(sources: Path) -> Path:
    """Folder of the kernels defined below `sources`: in `EQSPIKE_CACHE` if set, else in the user's cache folder.

    There is one for each version of these sources: Numba notices a change only in the file that defines a
    kernel, not in the files of the helpers compiled into it.
    """
    base = os.environ.get("EQSPIKE_CACHE") or user_cache_dir("eqspike")
    return Path(base) / "kernels" / fingerprint(sources)


def compile_kernel(function: Kernel, sources: Path, **options: Any) -> Kernel:
    """Compile `function` to machine code that runs without the interpreter's lock.

    The result is kept in `folder_for(sources)`, never beside the source, so that a read-only installation
    works. If that folder cannot be written, the kernel is compiled anew in each process.

    Args:
        function: what to compile.
        sources: folder that holds it and all helpers compiled into it.
        options: further options of `numba.njit`.
    """
    saved, folder = numba.config.CACHE_DIR, folder_for(sources)
    numba.config.CACHE_DIR = str(folder)
    try:
        compiled: Kernel = numba.njit(
            cache=writable(folder), nogil=True, error_model="numpy", **options
        )(function)
    finally:
        numba.config.CACHE_DIR = saved
    return compiled


def compile_inlined(function: Kernel, **options: Any) -> Kernel:
    """Compile a helper into each kernel that calls it; without the wrappers that only Python needs."""
    compiled: Kernel = numba.njit(
        nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, **options
    )(function)
    return compiled


@cache
def fingerprint(*folders: Path) -> str:
    """Versions of Numba and Python, and a digest of the Python files in some folders, however deep."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    versions = f"{numba.__version__}-{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{versions}-{digest.hexdigest()[:16]}"


def writable(folder: Path) -> bool:
    """Whether kernels can be kept in a folder, which is made if need be: it takes a file, and there is room."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"eqspike")
        probe.unlink()
        return shutil.disk_usage(folder).free >= ROOM
    except OSError:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
        return False

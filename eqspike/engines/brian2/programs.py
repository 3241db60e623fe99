"""Compiling what Brian2 wrote in C++, once for the same code: programs are kept by a digest of their sources."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import brian2

from eqspike.core.errors import UnsupportedError
from eqspike.engines.brian2.reporting import say
from eqspike.engines.brian2.targets import Target, cache_folder, compiler_command

PROGRAM = "main"


def make_program(device: Any, folder: Path, target: Target) -> None:
    """Put the compiled program into the folder of its sources.

    Args:
        device: Brian2's device, which wrote the sources; folder: where they are.
        target: for messages.

    Raises:
        UnsupportedError: if the compiler fails.
    """
    kept = cache_folder("programs") / _digest(folder)
    if kept.is_file():
        shutil.copy2(kept, folder / PROGRAM)
        return
    say(f"compiling the Brian2 network ({target.title})")
    try:
        device.compile_source(str(folder), "unix", False, False)
    except RuntimeError as error:
        raise UnsupportedError(
            f"engine 'brian2:{target.name}': the C++ compiler failed ({error}); its messages are above. "
            "Engine 'brian2' computes the same with NumPy alone"
        ) from error
    _keep(folder / PROGRAM, kept)


def _keep(program: Path, kept: Path) -> None:
    """Copy in one step; where the cache cannot be written, the next session compiles anew."""
    part = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(program, part)
        part.replace(kept)
    except OSError:
        with suppress(OSError):  # a read-only file system refuses this, too
            part.unlink(missing_ok=True)


def _digest(folder: Path) -> str:
    """Of the sources, the makefile (the arguments of the compiler) and all that wrote and compiles them."""
    digest = hashlib.sha256(
        f"{compiler_command()} {platform.platform()} {brian2.__version__}".encode()
    )
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    sources = (*folder.rglob("*.cpp"), *folder.rglob("*.h"), folder / "makefile")
    for path in sorted(sources):
        lines = path.read_bytes().splitlines()
        # Brian2 sets its clocks to 0 in an order that changes from process to process; nothing else moves.
        if path.name == f"{PROGRAM}.cpp":
            lines.sort()
        digest.update(b"\n".join([str(path.relative_to(folder)).encode(), *lines]))
    return digest.hexdigest()[:32]

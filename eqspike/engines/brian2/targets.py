"""How Brian2 runs a network: its code targets, what they are called and what they need on this machine."""

from __future__ import annotations

import difflib
import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

from eqspike.core.errors import MissingPackageError, RunError, UnsupportedError
from eqspike.core.files import check_writable
from eqspike.engines.brian2.reporting import say

TARGETS = ("numpy", "cython", "cpp_standalone")
AUTOMATIC = "auto"
"""Takes `cpp_standalone` if its needs are met, else `numpy`, and says so."""


@dataclass(frozen=True)
class Target:
    """A code target.

    Attributes:
        name: one of `TARGETS`.
        threads: OpenMP threads of a compiled program, at least 1; above 1 for `cpp_standalone` alone.
    """

    name: str
    threads: int = 1

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.name}, {self.threads} threads" if self.threads > 1 else self.name


NUMPY = Target("numpy")


def read_target(*options: str) -> Target:
    """Read what follows `brian2:` on the command line, split at colons: nothing, a target, or one and threads.

    `auto` becomes the target it takes here, whose needs are then met.

    Raises:
        UnsupportedError: for an unknown target or a wrong number of threads.
    """
    name, *rest = options or (NUMPY.name,)
    known = (*TARGETS, AUTOMATIC)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean 'brian2:{close[0]}'?" if close else ""
        raise UnsupportedError(
            f"target of engine 'brian2' must be one of {', '.join(known)}, got '{name}'{hint}"
        )
    if name == AUTOMATIC and not rest:
        return _automatic()
    if not rest:
        return Target(name)
    if name != "cpp_standalone" or len(rest) > 1 or not rest[0].isdecimal() or int(rest[0]) < 1:
        raise UnsupportedError(
            "only the target 'cpp_standalone' takes a number of threads, at least 1, such as "
            f"'brian2:cpp_standalone:2'; got 'brian2:{':'.join(options)}'"
        )
    return Target(name, int(rest[0]))


def _automatic() -> Target:
    fastest = Target("cpp_standalone")
    lack = lacking(fastest.name)
    if not lack:
        return fastest
    say(f"engine 'brian2:{AUTOMATIC}' takes {NUMPY.name}: {fastest.name} needs {lack}")
    return NUMPY


def require(target: Target) -> None:
    """Refuse a target whose needs are not met, before anything is built.

    Raises:
        MissingPackageError: says what to install.
    """
    lack = lacking(target.name)
    if lack:
        raise MissingPackageError(
            f"engine 'brian2:{target.name}' needs {lack}; engine 'brian2' computes the same with NumPy alone"
        )


def lacking(name: str) -> str | None:
    """What a target needs and this machine does not have, with what to do; None if it can be used."""
    if name == "numpy":
        return None
    if os.name != "posix":
        return "GCC or Clang on Linux or macOS: other compilers are not known to round alike"
    compiler = compiler_command()
    if shutil.which(compiler) is None:
        return (
            f"a C++ compiler, and '{compiler}' is not found; install one (Debian: apt install g++ make; "
            "macOS: xcode-select --install) or name yours in the environment variable CXX"
        )
    if name == "cpp_standalone" and shutil.which("make") is None:
        return "make, which is not found; install it (Debian: apt install make)"
    if name == "cython" and not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "the header files of Python, which are not found; install them (Debian: apt install python3-dev)"
    return _no_place() if name == "cython" else None


def _no_place() -> str | None:
    """Why Brian2 cannot put its modules into their folder; it does not work without."""
    try:
        check_writable(cache_folder("cython"))
    except RunError as error:
        return f"a place for what it compiles ({error}, with EQSPIKE_CACHE)"
    return None


def cache_folder(kind: str) -> Path:
    """Folder of what was compiled: in `EQSPIKE_CACHE` if set, else in the user's cache folder."""
    return Path(os.environ.get("EQSPIKE_CACHE") or user_cache_dir("eqspike")) / "brian2" / kind


def compiler_command() -> str:
    """The C++ compiler that is asked for: of the environment variable CXX, else `g++`."""
    return (os.environ.get("CXX", "").split() or ["g++"])[0]

"""Lava 0.10 on Python 3.11 and later.

Lava was written for Python 3.10. Since 3.11 a dataclass refuses a default value whose class cannot be hashed, and
one of Lava's dataclasses is the default of another. Only while Lava is imported, its own dataclasses are given
back the hash of `object`, by identity, which is what they had on 3.10. All of this happens in one module of Lava,
`lava.magma.compiler.var_model`; once it is loaded, everything else of Lava is imported as usual.

Lava fixes the start method of multiprocessing to 'fork' for the whole process that imports its runtime. Call
`prepare_lava` only in a process made for Lava, such as the one of `engines.lava.worker`.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eqspike.core.errors import MissingPackageError

INSTALL = (
    "in a checkout: pip install -c constraints.txt -e '.[lava]' && "
    "pip install --no-deps --ignore-requires-python lava-nc==0.10.0"
)
"""Lava's own metadata refuse Python 3.11 and later, on which it runs: hence the second command."""

_PROCESS_CLASS = "_process_class"
_TROUBLED = "lava.magma.compiler.var_model"


def missing_lava(purpose: str) -> MissingPackageError:
    """Error for Lava not being installed, with the commands that install it."""
    return MissingPackageError(
        f"{purpose} needs the package 'lava-nc', which is not installed; install it with: {INSTALL}"
    )


def prepare_lava() -> None:
    """Make every module of Lava importable in this process; afterwards `import lava. ...` simply works.

    Raises:
        MissingPackageError: if Lava is not installed.
    """
    try:
        with hashable_dataclasses():
            importlib.import_module(_TROUBLED)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "lava":
            raise
        raise missing_lava("engine 'lava'") from error


@contextmanager
def hashable_dataclasses() -> Iterator[None]:
    """While this lasts, dataclasses defined in modules of Lava that could not be hashed are hashed by identity.

    Nothing is changed on Python 3.10, and everything is restored at the end, also after an error.
    """
    if sys.version_info < (3, 11):
        yield
        return
    original = getattr(dataclasses, _PROCESS_CLASS)

    def process(cls: type, *options: Any, **named: Any) -> Any:
        made = original(cls, *options, **named)
        if made.__hash__ is None and made.__module__.split(".")[0] == "lava":
            made.__hash__ = object.__hash__
        return made

    setattr(dataclasses, _PROCESS_CLASS, process)
    try:
        yield
    finally:
        setattr(dataclasses, _PROCESS_CLASS, original)

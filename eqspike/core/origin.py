"""Where parts that are not built in come from, and which of them a run has used."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError, EqspikeError

SHA256_DIGITS = 64


@dataclass(frozen=True)
class Origin:
    """A plug-in file with the digest of its content, or an installed package with its version.

    Attributes:
        name: of the file, without its folder, or of the package.
        sha256: of the file's content, in hexadecimal; empty for a package.
        version: of the package; empty for a file.
    """

    name: str
    sha256: str = ""
    version: str = ""

    def __str__(self) -> str:
        return self.name if self.sha256 else f"package {self.name} {self.version}"

    def to_data(self) -> dict[str, str]:
        """Plain data, as `config.yaml` holds it."""
        if self.sha256:
            return {"file": self.name, "sha256": self.sha256}
        return {"package": self.name, "version": self.version}

    @staticmethod
    def read(section: Section) -> Origin:
        """Read what `to_data` gives.

        Raises:
            ConfigError: for an unknown key, or a digest that is none.
        """
        if section.has("package"):
            origin = Origin(section.text("package"), version=section.text("version"))
        else:
            origin = Origin(section.text("file"), sha256=section.text("sha256"))
            if len(origin.sha256) != SHA256_DIGITS:
                raise section.error("sha256", f"a SHA-256: {SHA256_DIGITS} hexadecimal digits")
        section.close()
        return origin


@contextmanager
def guarded(origin: Origin | None, what: str) -> Iterator[None]:
    """Turn any error of added code into one that names its file or package; built-in code is left alone.

    Raises:
        ConfigError: in place of an exception that is not eqspike's own.
    """
    try:
        yield
    except Exception as error:
        if origin is None or isinstance(error, EqspikeError):
            raise
        line = _line(error, origin.name)
        raise ConfigError(f"{origin}{line}: {what}: {type(error).__name__}: {error}") from error


def _line(error: BaseException, file: str) -> str:
    """The last line of a file that an exception came through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == file]
    return f", line {lines[-1]}" if lines else ""


_USED: ContextVar[list[Origin] | None] = ContextVar("used", default=None)


def note(origin: Origin | None) -> None:
    """Say that something of this origin is used."""
    used = _USED.get()
    if used is not None and origin is not None and origin not in used:
        used.append(origin)


@contextmanager
def recording() -> Iterator[list[Origin]]:
    """What is used inside, by and by, each once."""
    used: list[Origin] = []
    token = _USED.set(used)
    try:
        yield used
    finally:
        _USED.reset(token)

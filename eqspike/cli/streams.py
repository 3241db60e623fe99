"""Standard output and error of a command: nothing that reads them, or does not, can end the work.

What is written is made safe for a terminal here, once: characters that would act on it are written out, those that
it cannot show are replaced. A stream that fails (closed pipe, full disk) goes silent and remembers why; `main`
looks at the output's failure when the command has ended.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TextIO

from eqspike.core.showing import visible

_PLAIN = {
    "≥": ">=", "≤": "<=", "–": "-", "—": "-", "→": "->", "×": "x", "µ": "u", "μ": "u", "β": "beta", "‹": "<",
    "›": ">", "\u00a0": " ", "\u202f": " ", "…": "...", "·": "*", "±": "+-",
}  # fmt: skip
"""What stands for a character where the terminal's encoding has none."""

_HANDLER = "eqspike-terminal"


def nothing_to_clear(text: str) -> AbstractContextManager[None]:
    """The room of a stream where no line is drawn over."""
    del text
    return nullcontext()


class Steady:
    """A text stream whose writes never fail.

    Attributes:
        failure: why nothing is written any more, or None.
        room: given a text, makes room for it while it is written; does nothing by default.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        self.room = nothing_to_clear
        if stream is None:
            self.failure = OSError(errno.EBADF, "it is closed")
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)

    def write(self, text: str) -> int:
        """Write a text; control characters and changes of direction are written out."""
        with self.room(text):
            self._try("write", _safe(text))
        return len(text)

    def draw(self, text: str) -> None:
        """Write a state of a line that is drawn over; it is shown at once, and needs no room."""
        self._try("write", _safe(text))
        self.flush()

    def flush(self) -> None:
        """Flush, if anything is still written."""
        self._try("flush")

    def isatty(self) -> bool:
        """Whether a person is looking."""
        return self._stream is not None and self.failure is None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, method: str, *arguments: str) -> None:
        if self.failure is not None:
            return
        try:
            getattr(self._stream, method)(*arguments)
        except (OSError, ValueError) as error:
            self.failure = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))


@contextmanager
def steady_streams() -> Iterator[Steady]:
    """Within this context, standard output and error are steady; gives the output."""
    codecs.register_error(_HANDLER, _replace)
    _open_closed()
    output, error = sys.stdout, sys.stderr
    steady, said = Steady(output), Steady(error)
    streams: tuple[Any, Any] = steady, said
    sys.stdout, sys.stderr = streams
    try:
        yield steady
    finally:
        steady.flush()
        said.flush()
        sys.stdout, sys.stderr = output, error
        for stream, original in ((steady, output), (said, error)):
            if stream.failure is not None and original is not None:
                _abandon(original)


def _open_closed() -> None:
    """Give closed standard streams a place: else the next file opened would be taken for one of them."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def _abandon(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that the interpreter can end in peace."""
    with suppress(OSError, ValueError):
        number = stream.fileno()
        place = os.open(os.devnull, os.O_WRONLY)
        os.dup2(place, number)
        os.close(place)


def _safe(text: str) -> str:
    """What is written; a bar of progress begins each of its states with a carriage return, which stays."""
    bar, rest = ("\r", text[1:]) if text.startswith("\r") else ("", text)
    return bar + visible(rest.replace("\r", "‹U+000D›"))


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    texts = (_PLAIN.get(character, _escaped(character)) for character in part)
    return "".join(texts), error.end


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"

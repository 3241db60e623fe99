"""The command line: argument parsing and printing only."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from eqspike.cli.arguments import build_parser
from eqspike.cli.streams import Steady, steady_streams
from eqspike.core.errors import EqspikeError, UnsupportedError
from eqspike.core.showing import shorten
from eqspike.learners.last_word import says_first
from eqspike.learners.launch import launched

__all__ = ["main"]

DONE, CHECK_FAILED, WRONG_USE, FAULT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 70, 130, 141

_LONGEST = 4000
"""Characters of an error that are printed: paths and names in it are as long as the user likes."""

_MAKE_FILES = (
    "train",
    "sweep",
    "reproduce",
    "demo",
    "deploy",
    "export",
    "estimate",
    "report",
    "plot",
    "new",
)
"""Commands whose product are files: whoever stops reading what they print has them all the same."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 a check did not hold, 2 wrong use or input, 70 a fault of eqspike itself, 130 stopped by the
        user, 141 nobody read the output of a command that makes nothing else.
    """
    with steady_streams() as output:
        status, words = _run(arguments)
        output.flush()
        return _with_output(status, words, output)


def _run(arguments: Sequence[str] | None) -> tuple[int, list[str]]:
    """Exit status of a command, and the words it was called with."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parser = build_parser()
        options = parser.parse_args(words)
        _refuse_several(words)
        if not hasattr(options, "command"):
            parser.print_help()
            return WRONG_USE, words
        return int(options.command(options)), words
    except EqspikeError as error:
        return _failed(str(error)), words
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _failed(f"{place}{error.strerror or error}"), words
    except MemoryError as error:
        return _failed(f"this needs more memory than there is: {error}"), words
    except KeyboardInterrupt:
        if says_first():
            print("eqspike: stopped", file=sys.stderr)
        return INTERRUPTED, words
    except Exception as error:
        if _lacks_memory(error):
            return _failed(f"this needs more memory than there is: {error}"), words
        if not says_first():
            return FAULT, words
        traceback.print_exc(file=sys.stderr)
        print(
            f"eqspike: fault: {type(error).__name__}; this is a mistake in eqspike, not in your input; "
            "please report the lines above",
            file=sys.stderr,
        )
        return FAULT, words


def _lacks_memory(error: Exception) -> bool:
    """Whether torch could not allocate what it needs, on a processor or a GPU."""
    return "can't allocate memory" in str(error) or type(error).__name__ == "OutOfMemoryError"


def _failed(text: str) -> int:
    if says_first():
        print(f"eqspike: error: {shorten(text, _LONGEST)}", file=sys.stderr)
    return WRONG_USE


def _refuse_several(words: list[str]) -> None:
    """Refuse to do in each of several processes what one has to do.

    Raises:
        UnsupportedError: for another command than `train`.
    """
    if launched().size > 1 and words[:1] not in ([], ["train"]):
        raise UnsupportedError(
            f"torchrun starts {launched().size} processes, and 'train' alone shares its work among them; run "
            f"'eqspike {words[0]}' without it"
        )


def _with_output(status: int, words: list[str], output: Steady) -> int:
    """The status, once it is known whether the output could be written."""
    if output.failure is None:
        return status
    if isinstance(output.failure, BrokenPipeError):
        makes_files = words[:1] and words[0] in _MAKE_FILES
        return status if makes_files or status != DONE else BROKEN_PIPE
    print(
        f"eqspike: error: standard output cannot be written: {output.failure.strerror}",
        file=sys.stderr,
    )
    return status or WRONG_USE

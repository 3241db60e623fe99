"""The command line: argument parsing and printing only."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from eqspike.cli.arguments import build_parser
from eqspike.core.errors import EqspikeError

__all__ = ["main"]

DONE, CHECK_FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 a check did not hold, 2 wrong use or input, 130 stopped by the user.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "command"):
        parser.print_help()
        return WRONG_USE
    try:
        return int(options.command(options))
    except EqspikeError as error:
        print(f"eqspike: error: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print("eqspike: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return DONE

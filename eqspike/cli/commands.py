"""How a command is added. Its code is imported when it runs, so that help answers at once."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from contextlib import ExitStack

from eqspike.cli.values import share_or_number
from eqspike.cli.waiting import waiting

Command = Callable[[argparse.Namespace], int]


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, place: str, text: str
) -> argparse.ArgumentParser:
    """One command, run by a function given as `module:function` of this package."""
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")
    parser.add_argument(
        "--plugin", action="append", default=[], metavar="FILE.py", dest="plugins",
        help="run this file, for its rules, neurons, memories, engines, learners and kinds of tasks; "
        "may be repeated; see docs/plugins.md",
    )  # fmt: skip

    def run(options: argparse.Namespace) -> int:
        module, function = place.split(":")
        with ExitStack() as stack:
            stack.enter_context(waiting(name, options.json))
            command: Command = getattr(importlib.import_module(f"eqspike.cli.{module}"), function)
            if getattr(options, "accept_changes", False):
                from eqspike.cli.printing import message
                from eqspike.training.manifest import accepting_changes

                stack.enter_context(accepting_changes(message))
            if options.plugins:
                from eqspike.experiment.plugins import plugins

                stack.enter_context(plugins(*options.plugins))
            return command(options)

    parser.set_defaults(command=run)
    return parser


def add_accept_changes(parser: argparse.ArgumentParser) -> None:
    """The option of commands that read a run."""
    parser.add_argument(
        "--accept-changes", action="store_true",
        help="read a run whose files were changed since it wrote them, and say which",
    )  # fmt: skip


def add_format(parser: argparse.ArgumentParser) -> None:
    """The option of commands that draw figures."""
    parser.add_argument(
        "--format", choices=("png", "svg", "pdf"), default="png", help="of figures (default: png)"
    )


def add_validation(parser: argparse.ArgumentParser) -> None:
    """The option of commands that train."""
    parser.add_argument(
        "--validation", type=share_or_number, metavar="N",
        help="judge epochs on N training samples that are not learnt from, or on a share of them, such as 0.1; "
        "the test set is then looked at once, after the last epoch",
    )  # fmt: skip

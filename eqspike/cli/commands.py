"""How a command is added. Its code is imported when it runs, so that help answers at once."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable

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
        command: Command = getattr(importlib.import_module(f"eqspike.cli.{module}"), function)
        if not options.plugins:
            return command(options)
        from eqspike.experiment.plugins import plugins

        with plugins(*options.plugins):
            return command(options)

    parser.set_defaults(command=run)
    return parser

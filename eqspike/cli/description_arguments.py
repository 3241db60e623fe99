"""Arguments of the commands about descriptions: `new`, `check` and `schema`."""

from __future__ import annotations

import argparse

from eqspike.cli.commands import add_command
from eqspike.cli.values import path

_KINDS = ("model", "task", "chip")
_CODE = ("rule", "neuron", "memory", "engine", "learner", "task-kind")


def add_descriptions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three commands."""
    text = "write a commented model, task or chip to begin with, into NAME.yaml"
    parser = add_command(commands, "new", "descriptions:new", text)
    parser.add_argument("kind", type=_kind, choices=_KINDS, help="kind of description")
    parser.add_argument("name", type=path, metavar="NAME", help="its name, or path without ending")
    parser.add_argument(
        "--from", dest="source", metavar="NAME",
        help="description of the library, or YAML file, that it begins as",
    )  # fmt: skip
    text = "list all errors of a model, task or chip at once, with their lines; status 1 if there are some"
    parser = add_command(commands, "check", "descriptions:check", text)
    parser.add_argument("file", type=path, metavar="FILE", help="YAML file")
    parser.add_argument(
        "--as", dest="noun", type=_kind, choices=_KINDS,
        help="kind of description (default: by its keys)",
    )  # fmt: skip
    text = (
        "print the JSON schema of models, tasks or chips, for editors that complete and check YAML"
    )
    parser = add_command(commands, "schema", "schema:schema", text)
    parser.add_argument("kind", type=_kind, choices=_KINDS, help="kind of description")


def _kind(text: str) -> str:
    """A kind of description; parts that are code have none."""
    if text in _CODE:
        raise argparse.ArgumentTypeError(
            f"a {text} is Python code, not a YAML file; write a plug-in: docs/plugins.md says how, and "
            "examples/plugins holds some to begin with"
        )
    return text

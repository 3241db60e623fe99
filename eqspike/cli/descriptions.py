"""`eqspike new` and `eqspike check`: descriptions of the user's own."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from eqspike import library
from eqspike.cli.printing import message, print_json
from eqspike.core.errors import ConfigError, RunError
from eqspike.core.files import check_writable, write_bytes
from eqspike.experiment.schemas import check_description, notices, template


def new(options: argparse.Namespace) -> int:
    """Write a commented description to begin with."""
    path = Path(options.name).with_suffix(".yaml")
    if path.exists():
        raise RunError(f"{path}: is there already; choose another name")
    check_writable(path.parent, path.name)
    if not options.json:
        message(f"asking the readers of {options.kind}s what keys mean...")
    write_bytes(path, template(options.kind, path.stem, options.source).encode())
    if options.json:
        print_json({"file": str(path)})
    else:
        print(f"{path}\ncheck it with: eqspike check {path}")
    return 0


def check(options: argparse.Namespace) -> int:
    """List all errors of a description; 1 if there are some."""
    if not Path(options.file).exists() and (meant := library.own_files(options.file)):
        raise ConfigError(f"{options.file}: there is no such file; did you mean {meant[0]}?")
    noun, findings = check_description(Path(options.file), options.noun)
    told = notices(Path(options.file))
    if options.json:
        listed = {"errors": findings, "notices": told}
        print_json({"kind": noun, **{k: [asdict(each) for each in v] for k, v in listed.items()}})
        return 1 if findings else 0
    for finding in findings:
        print(f"{_place(options.file, finding.line)}: {finding.text}")
    for notice in told:
        print(f"{_place(options.file, notice.line)}: notice: {notice.text}")
    if not findings:
        print(f"{options.file}: a valid {noun}{', but not all of it is its own' if told else ''}")
    return 1 if findings else 0


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"

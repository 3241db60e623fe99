"""`eqspike export`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eqspike.cli.printing import print_json
from eqspike.core.errors import ConfigError
from eqspike.experiment.exporting import export_brian2, export_nir

_WRITERS: dict[str, Callable[..., list[Path]]] = {"brian2": export_brian2, "nir": export_nir}
_OPTIONS = {"brian2": ("sample",), "nir": ("form", "step_ms")}
"""Options that each format has of its own."""


def export(options: argparse.Namespace) -> int:
    """Write a run in the form of another tool."""
    out = Path(options.out) if options.out else None
    files = _WRITERS[options.format](Path(options.run), out, **_given(options))
    if options.json:
        print_json({"format": options.format, "files": [str(path) for path in files]})
        return 0
    for path in files:
        print(path)
    return 0


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The options given, without those that all formats have.

    Raises:
        ConfigError: if one belongs to another format.
    """
    given = {}
    for format_, names in _OPTIONS.items():
        for name in names:
            value = getattr(options, name)
            if value is None:
                continue
            if format_ != options.format:
                flag = "--" + name.replace("_", "-")
                raise ConfigError(
                    f"{flag} must go with --format {format_}, got --format {options.format}"
                )
            given[name] = value
    return given

"""What callers may hand over: runs, names, settings and arrays in the forms they have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from eqspike.core.errors import ConfigError
from eqspike.core.showing import show
from eqspike.core.yaml_text import write_yaml
from eqspike.experiment.model import Model
from eqspike.experiment.runs import TrainingResult

Run = str | os.PathLike[str] | TrainingResult
"""A run folder, or what `train` returned."""


def folder_of(run: Run) -> Path:
    """The folder of a run.

    Raises:
        ConfigError: for anything else.
    """
    return run.folder if isinstance(run, TrainingResult) else path_of("run", run)


def path_of(name: str, value: object) -> Path:
    """A path given as text or as a path.

    Raises:
        ConfigError: for anything else.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise ConfigError(f"{name} must be a path, got {show(value)}")
    return Path(value)


def optional_path(name: str, value: object) -> Path | None:
    """The same, or None."""
    return None if value is None else path_of(name, value)


def name_of(name: str, value: object) -> str:
    """A name of the library, or the path of a YAML file.

    Raises:
        ConfigError: for anything else.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise ConfigError(
            f"{name} must be a name of the library or the path of a YAML file, got {show(value)}"
        )
    return os.fspath(value)


def model_of(value: object) -> str | Model:
    """A model by name, by path, or as `load_model` read it."""
    return value if isinstance(value, Model) else name_of("model", value)


def overrides_of(settings: Mapping[str, Any] | None) -> tuple[str, ...]:
    """`key=value` texts of settings such as `{"rule.beta": 0.2}`.

    Raises:
        ConfigError: if it is no mapping from texts to plain values.
    """
    if not isinstance(settings, Mapping | None):
        raise ConfigError(
            f"settings must be a mapping such as {{'rule.beta': 0.2}}, got {show(settings)}"
        )
    return tuple(f"{key}={_plain(key, value)}" for key, value in (settings or {}).items())


def whole(name: str, value: object, low: int = 1) -> None:
    """Refuse what is no whole number from `low`; None passes.

    Raises:
        ConfigError: with the value.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ConfigError(f"{name} must be a whole number, at least {low}, got {show(value)}")


def _plain(key: object, value: Any) -> str:
    item = getattr(value, "tolist", None)
    try:
        return write_yaml(item() if callable(item) else value, one_line=True)
    except (TypeError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"settings: {show(key)} has a value that YAML cannot hold: {show(value)}"
        ) from error

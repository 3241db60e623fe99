"""Whether a run that is to go on is the run that was begun: what differs is refused, and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.core.errors import ConfigError, RunError
from eqspike.core.showing import shorten, show
from eqspike.core.yaml_text import read_yaml
from eqspike.experiment.configuration import Configuration, at, load_configuration

_MOST_NAMED = 6


@dataclass(frozen=True)
class Wanted:
    """What a command line says of a run that is to be continued; None for what it leaves open.

    Attributes:
        model, task: library names or paths; config: a configuration file.
        overrides: `key=value` texts.
    """

    model: str | None = None
    task: str | None = None
    config: Path | None = None
    engine: str | None = None
    seed: int | None = None
    epochs: int | None = None
    limit: int | None = None
    test_limit: int | None = None
    overrides: tuple[str, ...] = ()
    validation: float | int | None = None


def check_wanted(configuration: Configuration, wanted: Wanted, out: Path) -> None:
    """Refuse to continue a run that is not the one a command line describes; what it repeats is no change.

    Raises:
        ConfigError: naming what differs.
    """
    found: list[str] = []
    if wanted.config is not None:
        given = load_configuration(wanted.config)
        found = differences(given.as_yaml(), configuration.as_yaml())
    if wanted.task is not None:
        in_library = wanted.task in library.names("tasks")
        path = library.find("tasks", wanted.task)
        task = wanted.task if in_library else str(path.resolve())
        found += _unlike("TASK", task, configuration.task)
    if wanted.model is not None:
        name = library.find("models", wanted.model).stem
        found += _unlike("MODEL", name, configuration.model.name)
    for key in ("engine", "seed", "limit", "test_limit", "validation"):
        value = getattr(wanted, key)
        if value is not None:
            found += _unlike(f"--{key.replace('_', '-')}", value, getattr(configuration, key))
    if wanted.epochs is not None:
        found += _unlike("--epochs", wanted.epochs, configuration.model.epochs)
    for override in wanted.overrides:
        key, _, text = override.partition("=")
        value = read_yaml(text, f"--set {shorten(override)}")
        of_run = _at(configuration.model.description, key.strip())
        found += _unlike(f"--set {shorten(key)}", value, of_run)
    if found:
        raise ConfigError(
            f"--resume continues the run in {out} as it was configured, but {_listed(found)}; leave these out, or "
            "give another --out to begin another run"
        )


def check_checkpoint(text: str, configuration: Configuration, path: Path) -> None:
    """Refuse a checkpoint of another configuration.

    Args:
        text: YAML of the configuration in the checkpoint; path: of its folder.

    Raises:
        RunError: naming what differs.
    """
    if text == configuration.as_yaml():
        return
    found = differences(text, configuration.as_yaml()) or ["they are written differently"]
    raise RunError(
        f"{path}: the checkpoints are not of the configuration in config.yaml: {_listed(found)}; put the "
        "configuration or the checkpoints back, or begin another run"
    )


def differences(first: str, second: str) -> list[str]:
    """What differs between two configurations (YAML), as `key: value instead of value` texts."""
    left, right = (
        flat(read_yaml(first, "configuration")),
        flat(read_yaml(second, "configuration")),
    )
    keys = dict.fromkeys([*left, *right])
    return [text for key in keys for text in _unlike(key, left.get(key), right.get(key))]


def _unlike(name: str, given: Any, of_run: Any) -> list[str]:
    if given == of_run and type(given) is type(of_run):
        return []
    if isinstance(given, (int, float)) and isinstance(of_run, (int, float)) and given == of_run:
        return [] if isinstance(given, bool) is isinstance(of_run, bool) else [name]
    return [f"{name} is {show(given)} instead of {show(of_run)}"]


def flat(data: Any, place: str = "") -> dict[str, Any]:
    """Nested mappings as one, names joined by dots."""
    if not isinstance(data, Mapping):
        return {place: data}
    found: dict[str, Any] = {}
    for key, value in data.items():
        found |= flat(value, f"{place}.{key}" if place else str(key))
    return found


def _at(data: Any, key: str) -> Any:
    for part in key.split("."):
        data = at(data, part)
    return data


def _listed(found: list[str]) -> str:
    rest = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")

"""A run's configuration: the model with the user's changes, the task, the engine and the seed, as one file."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.origin import Origin, recording
from eqspike.core.showing import shorten
from eqspike.core.yaml_text import read_yaml, write_yaml
from eqspike.experiment.model import Model, read_model
from eqspike.experiment.plugins import origins, read_origins
from eqspike.experiment.sessions import ENGINES
from eqspike.tasks import load_task
from eqspike.tasks.validation import check_validation

FORMAT = 1


@dataclass(frozen=True)
class Configuration:
    """Everything that decides a run's result.

    Attributes:
        model: the model, overrides applied.
        task: library name or path of a task.
        engine: name of the engine.
        seed: of initial weights, order of samples and every random stream; 0 or more.
        limit: use only the first samples of the training set, or None for all.
        test_limit: likewise of the test set.
        validation: share or number of the training samples that epochs are judged on, and not learnt from.
        plugins: files and packages whose parts it uses.
    """

    model: Model
    task: str
    engine: str
    seed: int
    limit: int | None = None
    test_limit: int | None = None
    plugins: tuple[Origin, ...] = ()
    validation: float | int | None = None

    def as_yaml(self) -> str:
        """Text of `config.yaml`; reading it gives an equal configuration."""
        data: dict[str, Any] = {
            "format": FORMAT,
            "model_name": self.model.name,
            "task": self.task,
            "engine": self.engine,
            "seed": self.seed,
            "limit": self.limit,
            "test_limit": self.test_limit,
            **({} if self.validation is None else {"validation": self.validation}),
            **({"plugins": [each.to_data() for each in self.plugins]} if self.plugins else {}),
            "model": self.model.description,
        }
        return write_yaml(data)

    @property
    def digest(self) -> str:
        """SHA-256 of `as_yaml`."""
        return hashlib.sha256(self.as_yaml().encode()).hexdigest()


def resolve(
    model: str | Model, task: str, *, engine: str | None = None, seed: int = 0, epochs: int | None = None,
    limit: int | None = None, test_limit: int | None = None, overrides: tuple[str, ...] = (),
    validation: float | int | None = None,
) -> Configuration:  # fmt: skip
    """Configuration of a new run from names and overrides.

    Args:
        model, task: library names or paths of YAML files; a model also as it was read.
        engine: by default the one for the model's neurons.
        epochs: replaces the model's number of epochs.
        limit, test_limit: at least 1, or None for all samples.
        overrides: `key.key=value` texts applied to the model's description; values are YAML.
        validation: share in (0, 1) or number of the training samples to hold out, or None for none.

    Raises:
        ConfigError: for anything wrong, before any work.
    """
    name, source, data = _described(model)
    _refuse_replaced(overrides)
    for override in overrides:
        _apply(data, override)
        source += f" with --set {shorten(override)}"
    if epochs is not None:
        _apply(data, f"training.epochs={epochs}")
    task_path = library.find("tasks", task)
    in_library = task in library.names("tasks")
    _check_counts(seed=seed, limit=limit, test_limit=test_limit)
    if validation is not None:
        check_validation(validation)
    with recording() as used:
        read = read_model(data, source, name)
        load_task(task)
        engine = engine or read.engine
        ENGINES.named(engine.split(":")[0])
    return Configuration(
        read,
        task if in_library else str(task_path.resolve()),
        engine,
        seed,
        limit,
        test_limit,
        origins(used),
        validation,
    )


def _described(model: str | Model) -> tuple[str, str, Any]:
    """Name of a model, where it was read, and a description that may be changed."""
    if isinstance(model, Model):
        return model.name, f"model '{model.name}'", copy.deepcopy(model.description)
    path = library.find("models", model)
    return path.stem, str(path), copy.deepcopy(library.load_yaml(path))


def load_configuration(path: Path) -> Configuration:
    """Read a run's `config.yaml`.

    Raises:
        ConfigError: for anything wrong, naming file and key.
    """
    section = Section(library.load_yaml(path), str(path))
    found = section.integer("format")
    if found != FORMAT:
        raise section.error(
            "format", f"{FORMAT}", "this run was made by another version of eqspike"
        )
    plugins = read_origins(section)
    name = section.text("model_name")
    task, engine = section.text("task"), section.text("engine")
    seed = section.integer("seed", low=0)
    limits: dict[str, int | None] = {}
    for key in ("limit", "test_limit"):
        limits[key] = section.optional_integer(key, low=1)
    validation = None
    if section.has("validation"):
        validation = check_validation(section.raw("validation"), section.where("validation"))
    description = section.mapping("model")
    section.close()
    model = read_model(description, f"{path}: model", name)
    return Configuration(
        model, task, engine, seed, limits["limit"], limits["test_limit"], plugins, validation
    )


def _check_counts(*, seed: int, **limits: int | None) -> None:
    if seed < 0:
        raise ConfigError(f"seed must be a whole number, at least 0, got {seed}")
    for name, limit in limits.items():
        if limit is not None and limit < 1:
            raise ConfigError(f"{name} must be a whole number, at least 1, got {limit}")


def _refuse_replaced(overrides: tuple[str, ...]) -> None:
    """Refuse a change of one value that a later one, of the whole section or list, undoes silently."""
    changes = [_change(override) for override in overrides]
    for number, (key, value) in enumerate(changes):
        for earlier, (first, wanted) in zip(overrides, changes[:number], strict=False):
            if not first.startswith(f"{key}."):
                continue
            kept = value
            for part in first.removeprefix(f"{key}.").split("."):
                kept = at(kept, part)
            if kept != wanted:
                raise ConfigError(
                    f"--set {shorten(earlier)} would be replaced by {shorten(overrides[number])}; give one of them"
                )


def _change(override: str) -> tuple[str, Any]:
    """Key and value of `key.key=value`."""
    key, separator, text = override.partition("=")
    if not separator or not all(key.strip().split(".")):
        raise ConfigError(f"--set must look like rule.beta=0.3, got '{shorten(override)}'")
    return key.strip(), read_yaml(text, f"--set {shorten(override)}")


def _apply(data: Any, override: str) -> None:
    """Apply one `key.key=value` to a description; all keys but the last must exist; numbers are places."""
    key, value = _change(override)
    keys, place = key.split("."), data
    for part in keys[:-1]:
        inner = at(place, part)
        if not isinstance(inner, dict | list):
            known = place.items() if isinstance(place, dict) else ()
            sections = sorted(str(k) for k, v in known if isinstance(v, dict))
            raise ConfigError(
                f"--set {shorten(override)}: the model has no section '{shorten(part)}'; its sections are "
                f"{', '.join(sections)}"
            )
        place = inner
    if isinstance(place, list):
        if at(place, keys[-1]) is None:
            raise ConfigError(
                f"--set {shorten(override)}: '{keys[-2]}' has {len(place)} values, numbered from 0, got "
                f"'{shorten(keys[-1])}'"
            )
        place[int(keys[-1])] = value
        return
    if not isinstance(place, dict):
        raise ConfigError(f"--set {shorten(override)}: the model is no mapping of names to values")
    place[keys[-1]] = value


def at(place: Any, part: str) -> Any:
    """What a mapping holds under a name, or a list at a number; None if nothing."""
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    return None

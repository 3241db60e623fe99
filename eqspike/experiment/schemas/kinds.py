"""The kinds of descriptions whose keys can be listed: models, tasks and chips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eqspike import library
from eqspike.chips.reading import read_profile
from eqspike.core.config import Section
from eqspike.experiment.model import read_model_section
from eqspike.experiment.schemas.exploring import Description, Kind, explore
from eqspike.experiment.schemas.keys import Keys, Tree
from eqspike.tasks.description import read_task

KINDS = ("model", "task", "chip")


def keys_of(noun: str) -> Keys:
    """All keys of the descriptions of one kind, from its readers; parts of plug-ins in use are known.

    Args:
        noun: one of `KINDS`.
    """
    return Tree(explore(kind_of(noun))).keys()


def kind_of(noun: str) -> Kind:
    """How such descriptions are read, and those of the library to begin with."""
    folder = f"{noun}s"
    seeds = tuple(library.load_yaml(library.find(folder, name)) for name in library.names(folder))
    read, form = _READERS[noun]
    return Kind(noun, read, tuple(sorted(seeds, key=form)), form)


def reader_of(noun: str) -> Callable[[Section], object]:
    """What reads such descriptions from their sections; a task as if it lay in the library."""
    return _READERS[noun][0]


def reader_at(noun: str, path: Path) -> Callable[[Section], object]:
    """How a file is read, a task beside its data."""
    return (lambda section: read_task(section, path)) if noun == "task" else reader_of(noun)


def _model(section: Section) -> object:
    return read_model_section(section, "", {})


def _task(section: Section) -> object:
    return read_task(section, library.folder("tasks") / "task.yaml")


def _chip(section: Section) -> object:
    return read_profile(section, "chip", "")


def _kind_of(description: Description) -> str:
    kind = description.get("kind")
    return kind if isinstance(kind, str) else ""


_READERS: dict[str, tuple[Callable[[Section], object], Callable[[Description], str]]] = {
    "model": (_model, lambda data: "own learner" if "learner" in data else "network of neurons"),
    "task": (_task, _kind_of),
    "chip": (_chip, lambda data: ""),
}

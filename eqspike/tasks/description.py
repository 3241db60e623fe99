"""Reading of task descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.origin import Origin, guarded
from eqspike.core.registry import Registry
from eqspike.tasks.curriculum import Curriculum, Part
from eqspike.tasks.images import (
    read_idx_images,
    read_npz_images,
    read_record_images,
    read_zip_images,
)
from eqspike.tasks.series import SeriesTask
from eqspike.tasks.series_kinds import read_adding, read_pixels, read_series
from eqspike.tasks.task import Task

AnyTask = Task | Curriculum | SeriesTask

_PERMUTED = "permuted:"


def load_task(name_or_path: str) -> AnyTask:
    """The task of a description; its data are not touched before `Task.load`.

    Args:
        name_or_path: name in the library, such as `mnist`, or path of a YAML file.

    Raises:
        ConfigError: if there is no such description or it breaks a rule, naming file and key.
    """
    path = library.find("tasks", name_or_path)
    return read_task(Section(library.load_yaml(path), str(path)), path)


def read_task(section: Section, path: Path) -> AnyTask:
    """The task that a mapping describes; `path` is its file's, beside which data may be."""
    kind = TASK_KINDS.choose(section)
    what = f"task kind '{kind.name}' cannot read {path.name}"
    with guarded(kind.origin, what):
        section.explain(
            title="full name, for reports",
            source="who made the data, and where they come from",
            licence="terms the data stand under",
            train="the training set",
            test="the test set",
        )
        task: AnyTask = kind.value(section, path)
    section.close()
    return task if kind.origin is None else _checked(task, kind.origin, what)


def _checked(task: object, origin: Origin, what: str) -> AnyTask:
    """What an added kind has read, if it is a task; errors of its reader of data will name where it comes from."""
    if isinstance(task, Curriculum):
        return task
    if not isinstance(task, (Task, SeriesTask)):
        raise ConfigError(
            f"{origin}: {what}: must give a Task, a SeriesTask or a Curriculum, got {task!r}"
        )
    found: Any = task
    read: Callable[[str], Any] = found.read

    def read_split(split: str) -> Any:
        with guarded(origin, what):
            return read(split)

    changed: AnyTask = replace(found, read=read_split)
    return changed


def _read_curriculum(section: Section, path: Path) -> Curriculum:
    """A task that names others of the library; `permuted:NAME` has its pixels permuted, each time anew."""
    parts = []
    section.explain(
        tasks="names of tasks of images, learnt in turn; `permuted:NAME` permutes its pixels, anew each time",
    )
    for each in section.texts("tasks"):
        task = _image_task(section, "tasks", each.removeprefix(_PERMUTED))
        parts.append(Part(task, each.startswith(_PERMUTED)))
    return Curriculum(
        path.stem,
        section.text("title"),
        section.text("source").strip(),
        section.text("licence").strip(),
        tuple(parts),
    )


def _read_pixels(section: Section, path: Path) -> SeriesTask:
    """The images of another task, a pixel a step."""
    section.explain(
        images_of="task whose images are read one pixel per step",
    )
    return read_pixels(section, path, _image_task(section, "images_of", section.text("images_of")))


def _image_task(section: Section, key: str, name: str) -> Task:
    """Another task of the library, of images."""
    task = load_task(name)
    if not isinstance(task, Task):
        raise section.error(key, "made of tasks of images", f"'{name}' is none")
    return task


def _lacks_call(reader: object) -> str:
    return "" if callable(reader) else "a function `(section, path)` that gives a task"


TASK_KINDS: Registry[Callable[[Section, Path], AnyTask]] = Registry(
    "task kind",
    "eqspike.task_kinds",
    {
        "idx": read_idx_images,
        "npz": read_npz_images,
        "records": read_record_images,
        "zip": read_zip_images,
        "curriculum": _read_curriculum,
        "pixels": _read_pixels,
        "series": read_series,
        "adding": read_adding,
    },
    _lacks_call,
)
"""Functions that read a description, given its path too, by the description's `kind`."""

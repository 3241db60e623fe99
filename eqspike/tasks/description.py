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
from eqspike.tasks.kinds import Reader, idx_reader, npz_reader
from eqspike.tasks.origin import read_place
from eqspike.tasks.places import Place
from eqspike.tasks.series import SeriesTask
from eqspike.tasks.series_kinds import read_adding, read_pixels, read_series
from eqspike.tasks.task import Task

_LARGEST_SIDE = 65536
_HIGHEST_LEVEL = 255

AnyTask = Task | Curriculum | SeriesTask
FileReader = Callable[[Section, Place, tuple[int, ...]], Reader]

_PERMUTED = "permuted:"


def load_task(name_or_path: str) -> AnyTask:
    """The task of a description; its data are not touched before `Task.load`.

    Args:
        name_or_path: name in the library, such as `mnist`, or path of a YAML file.

    Raises:
        ConfigError: if there is no such description or it breaks a rule, naming file and key.
    """
    path = library.find("tasks", name_or_path)
    section = Section(library.load_yaml(path), str(path))
    kind = TASK_KINDS.choose(section)
    what = f"task kind '{kind.name}' cannot read {path.name}"
    with guarded(kind.origin, what):
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


def read_images(section: Section, path: Path, reader: FileReader) -> Task:
    """A task of images, whatever its files are.

    Args:
        reader: given the description, the place of its files and the shape of an image, takes the keys of the
            files and gives a function that reads the split of a name.

    Raises:
        ConfigError: if the description breaks a rule. No data file is touched yet.
    """
    image_shape = _image_shape(section)
    return Task(
        name=path.stem,
        title=section.text("title"),
        source=section.text("source").strip(),
        licence=section.text("licence").strip(),
        image_shape=image_shape,
        classes=section.integer("classes", low=2),
        maximum=section.integer("maximum", _HIGHEST_LEVEL, low=1, high=_HIGHEST_LEVEL),
        read=reader(section, read_place(section, path), image_shape),
    )


def _read_idx(section: Section, path: Path) -> Task:
    """Images in four idx files, plain or packed by gzip: images and labels of `train` and `test`."""
    return read_images(section, path, idx_reader)


def _read_npz(section: Section, path: Path) -> Task:
    """Images in one npz file with `train_images`, `train_labels`, `test_images` and `test_labels`."""
    return read_images(section, path, npz_reader)


def _image_shape(section: Section) -> tuple[int, ...]:
    sides = section.numbers("image_shape", low=1, high=_LARGEST_SIDE)
    if not sides or not all(side.is_integer() for side in sides):
        raise section.error("image_shape", "a list of whole numbers, such as [28, 28]")
    return tuple(int(side) for side in sides)


def _read_curriculum(section: Section, path: Path) -> Curriculum:
    """A task that names others of the library; `permuted:NAME` has its pixels permuted, each time anew."""
    parts = []
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
        "idx": _read_idx,
        "npz": _read_npz,
        "curriculum": _read_curriculum,
        "pixels": _read_pixels,
        "series": read_series,
        "adding": read_adding,
    },
    _lacks_call,
)
"""Functions that read a description, given its path too, by the description's `kind`."""

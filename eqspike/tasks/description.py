"""Reading of task descriptions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eqspike import library
from eqspike.core.config import Section
from eqspike.tasks.curriculum import Curriculum, Part
from eqspike.tasks.kinds import KINDS, read_data_keys
from eqspike.tasks.origin import read_place
from eqspike.tasks.series import SeriesTask
from eqspike.tasks.series_kinds import read_adding, read_pixels, read_series
from eqspike.tasks.task import Task

_LARGEST_SIDE = 65536
_HIGHEST_LEVEL = 255

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
    section = Section(library.load_yaml(path), str(path))
    kind = section.choice("kind", (*KINDS, *FORMS))
    if kind in FORMS:
        task = FORMS[kind](section, path)
        section.close()
        return task
    return _read_images(section, path)


def _read_images(section: Section, path: Path) -> Task:
    image_shape = _image_shape(section)
    task = Task(
        name=path.stem,
        title=section.text("title"),
        source=section.text("source").strip(),
        licence=section.text("licence").strip(),
        image_shape=image_shape,
        classes=section.integer("classes", low=2),
        maximum=section.integer("maximum", _HIGHEST_LEVEL, low=1, high=_HIGHEST_LEVEL),
        read=read_data_keys(section, read_place(section, path), image_shape),
    )
    section.close()
    return task


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


FORMS: dict[str, Callable[[Section, Path], AnyTask]] = {
    "curriculum": _read_curriculum,
    "pixels": _read_pixels,
    "series": read_series,
    "adding": read_adding,
}
"""Tasks that are no images in files, by their `kind`."""

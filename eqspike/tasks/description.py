"""Reading of task descriptions."""

from __future__ import annotations

from pathlib import Path

from eqspike import library
from eqspike.core.config import Section
from eqspike.tasks.curriculum import KIND as CURRICULUM
from eqspike.tasks.curriculum import Curriculum, Part
from eqspike.tasks.kinds import KINDS, is_plain_name, read_data_keys
from eqspike.tasks.places import Place
from eqspike.tasks.task import Task

_LARGEST_SIDE = 65536
_HIGHEST_LEVEL = 255
_SCHEMES = ("https://", "http://")


AnyTask = Task | Curriculum

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
    if section.choice("kind", (*KINDS, CURRICULUM)) == CURRICULUM:
        return _read_curriculum(section, path.stem)
    image_shape = _image_shape(section)
    task = Task(
        name=path.stem,
        title=section.text("title"),
        source=section.text("source").strip(),
        licence=section.text("licence").strip(),
        image_shape=image_shape,
        classes=section.integer("classes", low=2),
        maximum=section.integer("maximum", _HIGHEST_LEVEL, low=1, high=_HIGHEST_LEVEL),
        read=read_data_keys(section, _place(section, path), image_shape),
    )
    section.close()
    return task


def _read_curriculum(section: Section, name: str) -> Curriculum:
    """A task that names others of the library; `permuted:NAME` has its pixels permuted, each time anew."""
    names = section.texts("tasks")
    parts = []
    for each in names:
        task = load_task(each.removeprefix(_PERMUTED))
        if isinstance(task, Curriculum):
            raise section.error(
                "tasks", "names of single tasks", f"'{each}' is itself a curriculum"
            )
        parts.append(Part(task, each.startswith(_PERMUTED)))
    curriculum = Curriculum(
        name,
        section.text("title"),
        section.text("source").strip(),
        section.text("licence").strip(),
        tuple(parts),
    )
    section.close()
    return curriculum


def _image_shape(section: Section) -> tuple[int, ...]:
    sides = section.numbers("image_shape", low=1, high=_LARGEST_SIDE)
    if not sides or not all(side.is_integer() for side in sides):
        raise section.error("image_shape", "a list of whole numbers, such as [28, 28]")
    return tuple(int(side) for side in sides)


def _place(section: Section, path: Path) -> Place:
    folder = section.text("folder", "")
    if folder and not is_plain_name(folder):
        raise section.error("folder", "a plain folder name, such as mnist")
    mirrors = tuple(_mirror(mirror) for mirror in section.sections("mirrors", ()))
    if mirrors and not folder:
        raise section.error("folder", "given where there are mirrors: fetched files are kept there")
    return Place(path, folder, mirrors)


def _mirror(section: Section) -> str:
    url = section.text("url")
    if not url.startswith(_SCHEMES):
        raise section.error("url", "an address that begins with https:// or http://")
    section.close()
    return url

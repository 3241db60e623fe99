"""Tasks of images: what all of their descriptions say, and the kinds of files that are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eqspike.core.config import Section
from eqspike.tasks.kinds import Reader, idx_reader, npz_reader, records_reader, zip_reader
from eqspike.tasks.levels import HIGHEST_LEVEL
from eqspike.tasks.origin import read_place
from eqspike.tasks.places import Place
from eqspike.tasks.task import Task

_LARGEST_SIDE = 65536

FileReader = Callable[[Section, Place, tuple[int, ...]], Reader]


def read_images(section: Section, path: Path, reader: FileReader) -> Task:
    """A task of images, whatever its files are.

    Args:
        reader: given the description, the place of its files and the shape of an image, takes the keys of the
            files and gives a function that reads the split of a name.

    Raises:
        ConfigError: if the description breaks a rule. No data file is touched yet.
    """
    section.explain(
        title="full name, for reports",
        image_shape="rows and columns of an image, or channels, rows and columns",
        maximum="greatest level in the files; levels are rescaled so that it becomes 255",
        classes="number of classes; labels are 0 to classes - 1",
    )
    image_shape = _image_shape(section)
    return Task(
        name=path.stem,
        title=section.text("title"),
        source=section.text("source").strip(),
        licence=section.text("licence").strip(),
        image_shape=image_shape,
        classes=section.integer("classes", low=2),
        maximum=_maximum(section),
        read=reader(section, read_place(section, path), image_shape),
    )


def _maximum(section: Section) -> int | None:
    """The greatest level that the description names, if it names one."""
    if not section.has("maximum"):
        return None
    return section.integer("maximum", low=1, high=HIGHEST_LEVEL)


def read_idx_images(section: Section, path: Path) -> Task:
    """Images in four idx files, plain or packed by gzip: images and labels of `train` and `test`."""
    return read_images(section, path, idx_reader)


def read_npz_images(section: Section, path: Path) -> Task:
    """Images in one npz file with `train_images`, `train_labels`, `test_images` and `test_labels`."""
    return read_images(section, path, npz_reader)


def read_record_images(section: Section, path: Path) -> Task:
    """Images in a file of records for each split, as CIFAR-10's binary form."""
    return read_images(section, path, records_reader)


def read_zip_images(section: Section, path: Path) -> Task:
    """Images in one zip of JPEG or PNG files, a folder for each class."""
    return read_images(section, path, zip_reader)


def _image_shape(section: Section) -> tuple[int, ...]:
    sides = section.numbers("image_shape", low=1, high=_LARGEST_SIDE)
    if not sides or not all(side.is_integer() for side in sides):
        raise section.error(
            "image_shape", "a list of whole numbers, such as [28, 28] or [3, 32, 32]"
        )
    return tuple(int(side) for side in sides)

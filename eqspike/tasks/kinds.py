"""The kinds of data files a task can have. A new kind is one function and one line in `TASK_KINDS`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.origin import guarded
from eqspike.core.registry import Registry
from eqspike.tasks.idx import read_idx
from eqspike.tasks.npz import read_npz
from eqspike.tasks.places import DataFile, Place
from eqspike.tasks.task import SPLITS, RawSplit

Reader = Callable[[str], RawSplit]

_MOST_SAMPLES = 10**9
_SHA256_DIGITS = 64


def read_data_keys(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """Take the keys of the data files out of a task's description.

    Args:
        section: the description; its key `kind` says which other keys it has.
        place: where the files lie.
        image_shape: shape of one image.

    Returns:
        A function that reads the split of the given name.

    Raises:
        ConfigError: if the description breaks a rule. No data file is touched yet.
    """
    kind = TASK_KINDS.choose(section)
    what = f"task kind '{kind.name}' cannot read"
    with guarded(kind.origin, f"{what} {section.where('kind')}"):
        reader: Reader = kind.value(section, place, image_shape)

    def read(split: str) -> RawSplit:
        with guarded(kind.origin, f"{what} split '{split}'"):
            return reader(split)

    return read


def _idx_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """Four idx files, plain or packed by gzip: images and labels of `train` and `test`."""
    parts = {}
    for split in SPLITS:
        part = section.section(split)
        samples = _samples(part)
        images, labels = (_data_file(part.section(key), place) for key in ("images", "labels"))
        part.close()
        parts[split] = (images, (samples, *image_shape)), (labels, (samples,))

    def read(split: str) -> RawSplit:
        images, labels = (_read_idx_file(place, file, shape) for file, shape in parts[split])
        return images, labels

    return read


def _npz_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """One npz file with `train_images`, `train_labels`, `test_images` and `test_labels`."""
    file = _data_file(section.section("data"), place)
    samples = {}
    for split in SPLITS:
        part = section.section(split)
        samples[split] = _samples(part)
        part.close()

    def read(split: str) -> RawSplit:
        n = samples[split]
        found = place.find(file)
        with found.opened() as stream:
            return (
                read_npz(
                    stream,
                    f"{split}_images",
                    ((n, *image_shape), (n, prod(image_shape))),
                    str(found.path),
                ),
                read_npz(stream, f"{split}_labels", ((n,),), str(found.path)),
            )

    return read


def _lacks_call(reader: object) -> str:
    return (
        "" if callable(reader) else "a function `(section, place, image_shape)` that gives a reader"
    )


TASK_KINDS: Registry[Callable[[Section, Place, tuple[int, ...]], Reader]] = Registry(
    "task kind", "eqspike.task_kinds", {"idx": _idx_reader, "npz": _npz_reader}, _lacks_call
)


def _read_idx_file(place: Place, file: DataFile, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    found = place.find(file)
    with found.opened() as stream:
        packed = found.path.suffix == ".gz"
        return read_idx(stream, shape, str(found.path), compressed=packed)


def _samples(section: Section) -> int:
    return section.integer("samples", low=1, high=_MOST_SAMPLES)


def _data_file(section: Section, place: Place) -> DataFile:
    name = section.text("file")
    if not is_plain_name(name):
        raise section.error("file", "a plain file name, without folders")
    file = DataFile(name, _sha256(section, "sha256"), _sha256(section, "content_sha256"))
    if place.mirrors and not file.sha256:
        raise section.error("sha256", "given for a file that is fetched from mirrors")
    section.close()
    return file


def is_plain_name(name: str) -> bool:
    """Whether `name` names a file inside a folder, on every platform, and cannot lead out of it."""
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")


def _sha256(section: Section, key: str) -> str:
    digest = section.text(key, "").lower()
    if digest and (len(digest) != _SHA256_DIGITS or not set(digest) <= set("0123456789abcdef")):
        raise section.error(key, f"a SHA-256: {_SHA256_DIGITS} hexadecimal digits")
    return digest

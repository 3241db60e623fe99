"""The kinds of data files that a task of images can have: each takes its keys and gives a reader of splits."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.tasks.archives import read_zipped_images
from eqspike.tasks.idx import REAL, WHOLE, is_packed, read_idx
from eqspike.tasks.npz import read_npz
from eqspike.tasks.places import DataFile, Place
from eqspike.tasks.records import read_records
from eqspike.tasks.task import SPLITS, RawSplit

Reader = Callable[[str], RawSplit]

_MOST_SAMPLES = 10**9
_SHA256_DIGITS = 64


def idx_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """Four idx files, plain or packed by gzip: images and labels of `train` and `test`."""
    parts = {}
    for split in SPLITS:
        part = section.section(split)
        samples = read_samples(part)
        part.explain(
            images="the file of the images",
            labels="the file of the labels",
        )
        images, labels = (read_data_file(part.section(key), place) for key in ("images", "labels"))
        part.close()
        parts[split] = (images, (samples, *image_shape)), (labels, (samples,))

    def read(split: str) -> RawSplit:
        images, labels = (
            _read_idx_file(place, file, shape, kinds)
            for (file, shape), kinds in zip(parts[split], (REAL, WHOLE), strict=True)
        )
        return images, labels

    return read


def npz_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """One npz file with `train_images`, `train_labels`, `test_images` and `test_labels`, or by other names."""
    section.explain(
        data="the file of all arrays",
    )
    file = read_data_file(section.section("data"), place)
    samples, names = {}, {}
    for split in SPLITS:
        part = section.section(split)
        samples[split] = read_samples(part)
        names[split] = tuple(part.text(key, f"{split}_{key}") for key in ("images", "labels"))
        part.close()

    def read(split: str) -> RawSplit:
        n, (images, labels) = samples[split], names[split]
        found = place.find(file)
        with found.opened() as stream:
            name, shapes = str(found.path), ((n, *image_shape), (n, prod(image_shape)))
            return (
                read_npz(stream, images, shapes, name, REAL),
                read_npz(stream, labels, ((n,), (n, 1)), name).reshape(n),
            )

    return read


def records_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """A file of records for each split: the binary form of CIFAR-10, plain or packed by gzip."""
    parts = {}
    for split in SPLITS:
        part = section.section(split)
        parts[split] = read_samples(part), read_data_file(part.section("data"), place)
        part.close()

    def read(split: str) -> RawSplit:
        samples, file = parts[split]
        found = place.find(file)
        with found.opened() as stream:
            packed = found.path.suffix == ".gz"
            return read_records(stream, samples, image_shape, str(found.path), compressed=packed)

    return read


def zip_reader(section: Section, place: Place, image_shape: tuple[int, ...]) -> Reader:
    """One zip of JPEG or PNG files, SPLIT/CLASS/NAME; `class_names` are the folders in the order of the labels."""
    file = read_data_file(section.section("data"), place)
    names = section.texts("class_names")
    if len(set(names)) != section.integer("classes", low=2):
        raise section.error("class_names", "a list of as many different names as there are classes")
    if len(image_shape) not in (2, 3) or (len(image_shape) == 3 and image_shape[0] != 3):
        raise section.error("image_shape", "[rows, columns] or [3, rows, columns]")
    samples = {}
    for split in SPLITS:
        part = section.section(split)
        samples[split] = read_samples(part)
        if samples[split] % len(names):
            raise part.error(
                "samples", f"a multiple of {len(names)}, the same number of each class"
            )
        part.close()

    def read(split: str) -> RawSplit:
        found = place.find(file)
        with found.opened() as stream:
            return read_zipped_images(
                stream, split, names, image_shape, samples[split], str(found.path)
            )

    return read


def _read_idx_file(
    place: Place, file: DataFile, shape: tuple[int, ...], kinds: str
) -> NDArray[Any]:
    found = place.find(file)
    with found.opened() as stream:
        packed = is_packed(stream)
        return read_idx(stream, shape, str(found.path), compressed=packed, kinds=kinds)


def read_samples(section: Section) -> int:
    """Read the number of samples of a split."""
    section.explain(
        samples="number of samples, checked on reading",
    )
    return section.integer("samples", low=1, high=_MOST_SAMPLES)


def read_data_file(section: Section, place: Place) -> DataFile:
    """Read the section of one file: `file`, `sha256` and `content_sha256`."""
    section.explain(
        file="name of the file, without folders",
        sha256="digest of the file as it is; needed where it is fetched",
        content_sha256="digest of the file once it is unpacked",
    )
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

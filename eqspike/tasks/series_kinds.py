"""The kinds of tasks whose samples are series: archive files, images a pixel a step, and the adding problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.tasks.kinds import read_data_file, read_samples
from eqspike.tasks.metrics import SQUARED_ERROR
from eqspike.tasks.origin import read_place
from eqspike.tasks.places import DataFile, Place
from eqspike.tasks.series import Series, SeriesTask
from eqspike.tasks.task import SPLITS, Task
from eqspike.tasks.ts import read_ts

_MOST = 1_000_000


def read_series(section: Section, path: Path) -> SeriesTask:
    """Two .ts files of an archive; keys `shape: [steps, channels]`, `classes` (their names), `train`, `test`."""
    section.explain(
        shape="`[steps, channels]` of a sample",
        class_names="names of the classes, in the order of their labels",
        drawn_test_share="share of the samples, drawn by the seed, that are for testing; 0: the files' own split",
    )
    steps, channels = section.integers("shape", low=1, high=_MOST, least=2)
    names = section.texts("class_names")
    place, files = read_place(section, path), {}
    for split in SPLITS:
        part = section.section(split)
        samples = read_samples(part)
        part.explain(
            data="the file of the series",
        )
        files[split] = read_data_file(part.section("data"), place), (samples, steps, channels)
        part.close()
    share = section.number("drawn_test_share", 0.0, low=0, high=0.9)

    def read(split: str) -> Series:
        file, shape = files[split]
        return _read_file(place, file, shape, names)

    return _task(section, path, (steps, channels), len(names), read, drawn_share=share)


def read_pixels(section: Section, path: Path, images: Task) -> SeriesTask:
    """Images a pixel a step, row by row, or with `permuted: true` in one order drawn from `order_seed`.

    Source: Le, Jaitly and Hinton, arXiv:1504.00941, 2015.
    """
    if len(images.image_shape) != 2:
        raise section.error(
            "images_of", f"of rows and columns; '{images.name}' has {list(images.image_shape)}"
        )
    pixels = int(np.prod(images.image_shape))
    order = np.arange(pixels)
    section.explain(
        permuted="whether the pixels are in a random order, the same for all images",
        order_seed="of that order",
        noise_steps="steps of noise after the last pixel",
    )
    if section.flag("permuted", False):
        seed = section.integer("order_seed", 92916, low=0)
        order = np.random.default_rng(seed).permutation(pixels)
    padding = section.integer("noise_steps", 0, low=0, high=_MOST)

    def read(split: str) -> Series:
        found = images.load(split)
        levels = found.images[:, order, None].astype(np.float32) / np.float32(255)
        return Series(_padded(levels, padding, split), found.labels)

    return _task(section, path, (pixels + padding, 1), images.classes, read)


def read_adding(section: Section, path: Path) -> SeriesTask:
    """The adding problem: the sum of the two numbers that are marked in a series of uniform ones.

    Channel 0 holds numbers in [0, 1), channel 1 a mark at one step of each half. Drawn from `data_seed`.
    Source: Hochreiter and Schmidhuber, Neural Computation 9(8), 1997.
    """
    section.explain(
        steps="steps of a series",
        data_seed="of the series that are drawn",
    )
    steps = section.integer("steps", low=2, high=_MOST)
    seed = section.integer("data_seed", 0, low=0)
    samples = {}
    for split in SPLITS:
        part = section.section(split)
        samples[split] = read_samples(part)
        part.close()

    def read(split: str) -> Series:
        generator = np.random.default_rng([seed, SPLITS.index(split)])
        return _added(generator, samples[split], steps)

    return _task(section, path, (steps, 2), 1, read, metric=SQUARED_ERROR)


def _task(
    section: Section, path: Path, shape: tuple[int, int], outputs: int,
    read: Callable[[str], Series], **more: Any,
) -> SeriesTask:  # fmt: skip
    return SeriesTask(
        path.stem,
        section.text("title"),
        section.text("source").strip(),
        section.text("licence").strip(),
        shape,
        outputs,
        read,
        caveat=section.text("caveat", "").strip(),
        **more,
    )


def _read_file(
    place: Place, file: DataFile, shape: tuple[int, int, int], names: tuple[str, ...]
) -> Series:
    found = place.find(file)
    with found.opened() as stream:
        packed = found.path.suffix == ".gz"
        return Series(*read_ts(stream, shape, names, str(found.path), compressed=packed))


def _padded(levels: NDArray[np.float32], steps: int, split: str) -> NDArray[np.float32]:
    """Series followed by so many steps of uniform noise, in which nothing is to be learnt."""
    if not steps:
        return levels
    generator = np.random.default_rng([steps, SPLITS.index(split)])
    noise = generator.random((len(levels), steps, 1), np.float32)
    return np.concatenate([levels, noise], 1)


def _added(generator: np.random.Generator, samples: int, steps: int) -> Series:
    inputs = np.zeros((samples, steps, 2), np.float32)
    inputs[:, :, 0] = generator.random((samples, steps), np.float32)
    rows, half = np.arange(samples), steps // 2
    marked = generator.integers(0, half, samples), generator.integers(half, steps, samples)
    for places in marked:
        inputs[rows, places, 1] = 1
    sums = sum(inputs[rows, places, 0] for places in marked)
    return Series(inputs, np.asarray(sums, np.float32)[:, None])

"""Task descriptions: what is read, and what is refused before any data file is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eqspike.core.errors import ConfigError
from eqspike.tasks import load_task

MIRRORS = [{"url": "https://one.example/x/"}, {"url": "https://two.example/x/"}]


def test_reads_a_description_without_touching_data(small: Any, tmp_path: Path) -> None:
    task = load_task(small.write_yaml(tmp_path / "mine.yaml"))
    assert (task.name, task.title, task.source, task.licence) == (
        "mine",
        "Small",
        "made up",
        "none needed",
    )
    assert (task.image_shape, task.classes, task.maximum) == ((2, 3), 3, None)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="'mnits' is not in the library of tasks"):
        load_task("mnits")


def part(**changes: Any) -> dict[str, Any]:
    file = {"file": "a.gz"}
    return {"samples": 3, "images": file, "labels": file} | changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence": 3}, "licence must be a text"),
        ({"licens": "x"}, "licens is not a known key; did you mean 'licence'"),
        ({"classes": 1}, "classes must be a whole number at least 2, got 1"),
        ({"maximum": 256}, "maximum must be .* at most 255, got 256"),
        ({"image_shape": []}, "image_shape must be a list of whole numbers"),
        ({"image_shape": [2.5, 3]}, "image_shape must be a list of whole numbers"),
        ({"image_shape": [0, 3]}, "image_shape must be a list of numbers at least 1"),
        (
            {"kind": "ixd"},
            "kind must be one of idx, npz, records, zip, .*, got 'ixd'; did you mean 'idx'",
        ),
        ({"test": None}, "test is required"),
        ({"train": part(samples=0)}, "train.samples must be a whole number at least 1"),
        ({"train": part(images={"file": "../a"})}, "train.images.file must be a plain file name"),
        ({"train": part(labels={"file": "/a"})}, "train.labels.file must be a plain file name"),
        ({"train": part(labels={"file": ""})}, "train.labels.file must be a plain file name"),
        ({"train": part(images={"file": "a", "sha": "b"})}, "train.images.sha is not a known key"),
        ({"train": part(images={"file": "a", "sha256": "12"})}, "sha256 must be .* 64 hexadecimal"),
        ({"train": part(samples=3, extra=1)}, "train.extra is not a known key"),
        ({"folder": "../up"}, "folder must be a plain folder name"),
        ({"folder": "m", "mirrors": [{"url": "ftp://x"}]}, r"mirrors\[0\].url must be an address"),
        (
            {"folder": "m", "mirrors": [{"url": "http://x", "a": 1}]},
            r"mirrors\[0\].a is not a known",
        ),
        ({"mirrors": MIRRORS}, "folder must be given where there are mirrors"),
        (
            {"folder": "m", "mirrors": MIRRORS, "train": part()},
            "train.images.sha256 must be given for a file that is fetched",
        ),
    ],
)
def test_a_broken_rule_is_named(
    small: Any, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = small.write_yaml(tmp_path / "mine.yaml", **changes)
    with pytest.raises(ConfigError, match=message) as raised:
        load_task(path)
    assert str(raised.value).startswith(path)

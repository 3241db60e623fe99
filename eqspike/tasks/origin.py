"""Where a task's files come from, as its description says."""

from __future__ import annotations

from pathlib import Path

from eqspike.core.config import Section
from eqspike.tasks.kinds import is_plain_name
from eqspike.tasks.places import Place

_SCHEMES = ("https://", "http://")


def read_place(section: Section, path: Path) -> Place:
    """Read `folder` and `mirrors` of the description in the file `path`."""
    section.explain(
        folder="folder of the files below `EQSPIKE_DATA` or the cache; left out: beside the description",
        mirrors="where the files can be fetched, tried in turn",
    )
    folder = section.text("folder", "")
    if folder and not is_plain_name(folder):
        raise section.error("folder", "a plain folder name, such as mnist")
    mirrors = tuple(_mirror(mirror) for mirror in section.sections("mirrors", ()))
    if mirrors and not folder:
        raise section.error("folder", "given where there are mirrors: fetched files are kept there")
    return Place(path, folder, mirrors)


def _mirror(section: Section) -> str:
    section.explain(
        url="address of the folder that has the files",
    )
    url = section.text("url")
    if not url.startswith(_SCHEMES):
        raise section.error("url", "an address that begins with https:// or http://")
    section.close()
    return url

"""Where data files are looked for: beside the description, the user's data folder, the cache.

The user's own files are only ever read. The cache is written by `eqspike.tasks.download` alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from eqspike.core.errors import DataError
from eqspike.tasks.download import fetch

DATA_VARIABLE = "EQSPIKE_DATA"
CACHE_VARIABLE = "EQSPIKE_CACHE"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class DataFile:
    """A file as a description names it.

    Attributes:
        name: plain file name.
        sha256: SHA-256 of the file in hexadecimal, or empty where none is given.
        content_sha256: the same of what a `.gz` file unpacks to.
    """

    name: str
    sha256: str = ""
    content_sha256: str = ""


@dataclass(frozen=True)
class Found:
    """A file on disk, with the checksum it must have and what to do if it is damaged."""

    path: Path
    sha256: str
    advice: str

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file open for reading; its checksum is compared on leaving.

        The reader goes first because its messages say more; it must bear hostile bytes.

        Raises:
            DataError: whatever goes wrong with the file, with the advice added.
        """
        try:
            with self.path.open("rb") as stream:
                yield stream
                self._verify(stream)
        except DataError as error:
            raise DataError(f"{error}; {self.advice}") from error
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read: {error}; {self.advice}") from error

    def _verify(self, stream: BinaryIO) -> None:
        if not self.sha256:
            return
        digest = hashlib.sha256()
        stream.seek(0)
        while piece := stream.read(_CHUNK_BYTES):
            digest.update(piece)
        if digest.hexdigest() != self.sha256:
            raise DataError(
                f"{self.path}: is not the original file, expected SHA-256 {self.sha256}, "
                f"found {digest.hexdigest()}"
            )


@dataclass(frozen=True)
class Place:
    """Where the files of one task lie.

    Attributes:
        description: path of the task's YAML file.
        folder: sub-folder of the user's data folder and of the cache; empty: the description's.
        mirrors: addresses to fetch from, in turn; each is a folder.
    """

    description: Path
    folder: str = ""
    mirrors: tuple[str, ...] = ()

    def find(self, file: DataFile) -> Found:
        """The file, fetched if it is nowhere on this machine and the description has mirrors.

        Raises:
            DataError: if it is nowhere and cannot be fetched, with how to place it by hand.
        """
        if not self.folder:
            return self._beside(file)
        mine = data_folder()
        if mine is not None and (mine / self.folder).is_dir():
            return self._users(mine / self.folder, file)
        return self._cached(cache_folder() / "data" / self.folder, file)

    def _beside(self, file: DataFile) -> Found:
        advice = (
            "restore it (for a task of the library: install eqspike again) "
            f"or correct {self.description}"
        )
        found = _look(self.description.parent, file, advice)
        if found is None:
            raise DataError(
                f"{self.description.parent / file.name}: there is no such file; {advice}"
            )
        return found

    def _users(self, folder: Path, file: DataFile) -> Found:
        advice = f"put the original {file.name}{self._origin()} in its place"
        found = _look(folder, file, advice)
        if found is None:
            raise DataError(
                f"{folder / file.name}: expected this file because {DATA_VARIABLE} has the folder "
                f"{self.folder}, found none; put {file.name}{self._origin()} there, "
                f"or take the folder away so that the cache is used"
            )
        return found

    def _cached(self, folder: Path, file: DataFile) -> Found:
        advice = "delete it, and the next run fetches it again"
        found = _look(folder, file, advice)
        if found is not None:
            return found
        by_hand = (
            f"to place it by hand, put it at FOLDER/{self.folder}/{file.name} "
            f"and set {DATA_VARIABLE}=FOLDER"
        )
        if not self.mirrors:
            raise DataError(f"{folder / file.name}: there is no such file; {by_hand}")
        return Found(fetch(file.name, file.sha256, self.mirrors, folder, by_hand), "", advice)

    def _origin(self) -> str:
        return f" (from {self.mirrors[0]})" if self.mirrors else ""


def data_folder() -> Path | None:
    """The user's data folder, named by `EQSPIKE_DATA`; `None` where the variable is not set.

    Raises:
        DataError: if it names no folder.
    """
    value = os.environ.get(DATA_VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"{DATA_VARIABLE} must name a folder, found none at {value}; correct or unset it"
        )
    return folder


def cache_folder() -> Path:
    """The folder for what eqspike may fetch again: `EQSPIKE_CACHE`, else the platform's own."""
    value = os.environ.get(CACHE_VARIABLE)
    if value:
        return Path(value).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("eqspike"))


def _look(folder: Path, file: DataFile, advice: str) -> Found | None:
    """The file in `folder`, or what it unpacks to under the name without `.gz`."""
    if (folder / file.name).is_file():
        return Found(folder / file.name, file.sha256, advice)
    unpacked = folder / file.name.removesuffix(".gz")
    if unpacked.is_file():
        return Found(unpacked, file.content_sha256, advice)
    return None

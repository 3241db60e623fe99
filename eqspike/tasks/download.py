"""Fetching of data files into the cache, from several mirrors in turn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from eqspike.core.errors import DataError, RunError
from eqspike.core.files import check_writable, make_folder


def fetch(name: str, sha256: str, mirrors: Sequence[str], folder: Path, by_hand: str) -> Path:
    """Fetch one file that `folder` does not have.

    The file is written under a passing name and given its own only once its checksum is right, so
    that an interrupted transfer leaves nothing that could be taken for it.

    Args:
        name: file name, the same on every mirror.
        sha256: SHA-256 in hexadecimal.
        mirrors: addresses of the folders that hold it, tried in this order.
        folder: where to put it; created if need be.
        by_hand: how the user can place the file, for the message.

    Raises:
        DataError: if no mirror gave the file, with the reason of each, or `folder` is not writable.
    """
    import pooch  # type: ignore[import-untyped]

    _create(folder)
    reasons = []
    for mirror in mirrors:
        try:
            pooch.retrieve(
                f"{mirror.rstrip('/')}/{quote(name)}",
                known_hash=f"sha256:{sha256}",
                fname=name,
                path=folder,
                progressbar=sys.stderr.isatty(),
            )
            return folder / name
        except (OSError, ValueError) as error:
            reasons.append(f"  {mirror}: {' '.join(str(error).split())}")
    raise DataError(
        f"{name}: could not be fetched from any mirror:\n" + "\n".join(reasons) + f"\n{by_hand}"
    )


def _create(folder: Path) -> None:
    try:
        make_folder(folder)
        check_writable(folder)
    except RunError as error:
        raise DataError(f"the cache cannot be used: {error}, with EQSPIKE_CACHE") from error

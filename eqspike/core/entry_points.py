"""What installed packages offer, by groups of entry points; nothing of it is loaded here."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import metadata

from eqspike.core.origin import Origin


def entry_points(group: str) -> tuple[metadata.EntryPoint, ...]:
    """Entry points of a group, of all packages that Python finds."""
    return _entry_points(group, tuple(sys.path))


def origin_of(point: metadata.EntryPoint) -> Origin:
    """The package that an entry point is of."""
    package = point.dist
    return Origin("?") if package is None else Origin(package.name, version=package.version)


@lru_cache(maxsize=64)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[metadata.EntryPoint, ...]:
    del path  # where packages are looked for, so what the answer depends on
    return tuple(metadata.entry_points(group=group))

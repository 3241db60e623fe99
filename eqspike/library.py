"""The library of descriptions: YAML files of `chips/`, `models/`, `tasks/` and `tables/`.

A checkout's folders are read if there is one (recognised by `setup.cfg` beside the package), else the
installed copies in `eqspike.library_data`. Installed packages add their own by the entry point `eqspike.library`,
whose value is a package, or a path in a module, with folders of those names.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from eqspike.core.entry_points import entry_points, origin_of
from eqspike.core.errors import ConfigError
from eqspike.core.origin import Origin, guarded, note
from eqspike.core.yaml_text import load_yaml

__all__ = ["GROUP", "KINDS", "Place", "find", "folder", "load_yaml", "names", "origin", "own_files"]

KINDS = ("models", "tasks", "chips", "tables")
GROUP = "eqspike.library"


@dataclass(frozen=True)
class Place:
    """A folder with descriptions in `chips/`, `models/`, `tasks/` or `tables/`.

    Attributes:
        origin: the installed package that it is of; None for eqspike's own.
    """

    folder: Path
    origin: Origin | None = None

    def names(self) -> tuple[str, ...]:
        """Names of its descriptions."""
        return tuple(path.stem for path in self.folder.glob("*.yaml"))


@cache
def folder(kind: str) -> Path:
    """Folder of eqspike's own descriptions of one kind (`models`, `tasks`, `chips` or `tables`)."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "setup.cfg").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    return Path(__file__).resolve().parent / "library_data" / kind


def names(kind: str) -> tuple[str, ...]:
    """Names of all descriptions of one kind, sorted.

    Raises:
        ConfigError: if two places have one name.
    """
    found = [name for place in _places(kind) for name in place.names()]
    for name in found:
        if found.count(name) > 1:
            _place(kind, name)
    return tuple(sorted(found))


def find(kind: str, name: str) -> Path:
    """Path of a description: a library name, or a path to the user's own YAML file.

    Raises:
        ConfigError: if neither exists, with the nearest name and how to list all; or if two places have the name.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise ConfigError(f"{name}: there is no such file")
        return path
    place = _place(kind, name)
    if place is not None:
        note(place.origin)
        return place.folder / f"{name}.yaml"
    close = own_files(name) or [f"'{each}'" for each in _nearest(name, names(kind))]
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise ConfigError(
        f"'{name}' is not in the library of {kind}; {hint}"
        f"'eqspike list {kind}' shows all, and a path ending in .yaml names a file of your own"
    )


def origin(kind: str, name: str) -> Origin | None:
    """The installed package that a name of the library comes from; None if it is eqspike's own."""
    place = _place(kind, name)
    return None if place is None else place.origin


def own_files(name: str) -> list[str]:
    """The user's own file that a name lacks only the ending of, if there is one."""
    found = [f"{name}{suffix}" for suffix in (".yaml", ".yml")]
    return [f"the file {path}" for path in found if os.path.isfile(path)]


def _nearest(name: str, known: tuple[str, ...]) -> list[str]:
    """The name most like another one; up to three where they are equally so."""
    likeness = {each: difflib.SequenceMatcher(None, each, name).ratio() for each in known}
    most = max([0.4, *likeness.values()])
    return [each for each in known if likeness[each] == most][:3]


def _place(kind: str, name: str) -> Place | None:
    """Where a name is described.

    Raises:
        ConfigError: if two places have it.
    """
    found = [place for place in _places(kind) if name in place.names()]
    if len(found) > 1:
        owners = " and ".join(str(place.origin or "eqspike itself") for place in found)
        raise ConfigError(
            f"'{name}' of the library of {kind} is described by {owners}; rename one, or give the path of its file"
        )
    return found[0] if found else None


def _places(kind: str) -> tuple[Place, ...]:
    """eqspike's own folder, then those of installed packages."""
    points = entry_points(GROUP)
    return (Place(folder(kind)), *(Place(_root(p) / kind, origin_of(p)) for p in points))


def _root(point: EntryPoint) -> Path:
    """The folder that an entry point names: a package, or a path in a module.

    Raises:
        ConfigError: if there is none.
    """
    package = origin_of(point)
    with guarded(package, f"entry point '{point.name}' of {GROUP} cannot be found"):
        if point.attr:
            return _checked(Path(point.load()), package)
        spec = find_spec(point.module)
        places = (spec.submodule_search_locations if spec else None) or ()
        return _checked(next(map(Path, places), Path(point.module)), package)


def _checked(root: Path, package: Origin) -> Path:
    if not any((root / kind).is_dir() for kind in KINDS):
        raise ConfigError(
            f"{package}: {root} must be a package or folder that holds {', '.join(f'{kind}/' for kind in KINDS)}, "
            "or some of them"
        )
    return root

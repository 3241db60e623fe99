"""The library of descriptions: YAML files of `chips/`, `models/` and `tasks/`.

A checkout's folders are read if there is one (recognised by `setup.cfg` beside the package), else the
installed copies in `eqspike.library_data`.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from eqspike.core.errors import ConfigError

KINDS = ("models", "tasks", "chips")


@cache
def folder(kind: str) -> Path:
    """Folder that holds the descriptions of one kind (`models`, `tasks` or `chips`)."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "setup.cfg").is_file() and (checkout / kind).is_dir():
        return checkout / kind
    return Path(__file__).resolve().parent / "library_data" / kind


def names(kind: str) -> tuple[str, ...]:
    """Names of all descriptions of one kind, sorted."""
    return tuple(sorted(path.stem for path in folder(kind).glob("*.yaml")))


def find(kind: str, name: str) -> Path:
    """Path of a description: a library name, or a path to the user's own YAML file.

    Raises:
        ConfigError: if neither exists, with the nearest name and how to list all.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise ConfigError(f"{name}: there is no such file")
        return path
    known = names(kind)
    if name in known:
        return folder(kind) / f"{name}.yaml"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise ConfigError(
        f"'{name}' is not in the library of {kind}; {hint}"
        f"'eqspike list {kind}' shows all, and a path ending in .yaml names a file of your own"
    )


def load_yaml(path: Path) -> Any:
    """Parse one YAML file.

    Raises:
        ConfigError: if it cannot be read or is not YAML, naming the file and the line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # PyYAML lets errors of many kinds through for ill-formed values
        raise ConfigError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from error


class _Loader(yaml.SafeLoader):
    """Safe loader that refuses a key given twice, which YAML would silently let win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice", key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep=deep)

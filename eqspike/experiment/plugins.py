"""Parts of the user's own: plug-in files, loaded because the user gave them, and what a run says of those it used.

No description makes code run: a run's `config.yaml` names the files and packages that it was made with, and here
they are compared with what was given and what is installed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.neurons.registry import NEURONS
from eqspike.core.origin import Origin, guarded
from eqspike.core.registry import Part, Registry, added
from eqspike.experiment.sessions import ENGINES
from eqspike.learners.registry import LEARNERS
from eqspike.memory import MEMORIES
from eqspike.rules import RULES
from eqspike.tasks.description import TASK_KINDS

TABLES: dict[str, Registry[Any]] = {
    "RULES": RULES,
    "NEURONS": NEURONS,
    "MEMORIES": MEMORIES,
    "ENGINES": ENGINES,
    "LEARNERS": LEARNERS,
    "TASK_KINDS": TASK_KINDS,
}
"""Every registry, by the name of its table in a plug-in file."""


@dataclass(frozen=True)
class PluginFile:
    """A plug-in file as it was read, once; plain data, for it travels to the workers of a sweep.

    Attributes:
        path: where it lies; content: its bytes, which are what is run and what the digest is of.
    """

    path: str
    content: bytes = field(repr=False)

    @staticmethod
    def read(path: str | Path) -> PluginFile:
        """Read a file.

        Raises:
            ConfigError: if it cannot be read, or is no `.py` file.
        """
        if Path(path).suffix != ".py":
            raise ConfigError(f"a plug-in is a Python file, whose name ends in .py, got '{path}'")
        try:
            return PluginFile(str(Path(path).resolve()), Path(path).read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"the plug-in '{path}' cannot be read: {reason}; give the path of a Python file, as seen "
                f"from {Path.cwd()}"
            ) from error

    @property
    def origin(self) -> Origin:
        """Its name and digest, as `config.yaml` holds them."""
        return Origin(Path(self.path).name, hashlib.sha256(self.content).hexdigest())

    def module(self) -> ModuleType:
        """The file as a module, run once for each place and content.

        Raises:
            ConfigError: if running it fails, naming the file and the line.
        """
        place = hashlib.sha256(self.path.encode()).hexdigest()
        name = f"eqspike_plugin_{self.origin.sha256[:16]}_{place[:8]}"
        if name not in sys.modules:
            module = ModuleType(name)
            module.__file__ = self.path
            sys.modules[name] = module  # dataclasses look their module up
            try:
                with guarded(self.origin, "the plug-in cannot be loaded"):
                    exec(compile(self.content, self.path, "exec"), vars(module))
            except BaseException:
                del sys.modules[name]
                raise
        return sys.modules[name]

    def parts(self) -> dict[str, tuple[Part, ...]]:
        """Its parts by group of the registries.

        Raises:
            ConfigError: if it declares none, or one that a registry refuses.
        """
        module = vars(self.module())
        tables = {name: module[name] for name in TABLES if name in module}
        if not tables:
            raise ConfigError(
                f"{self.origin}: the plug-in declares no parts; a plug-in has at least one of the dicts "
                f"{', '.join(TABLES)}, each of names to parts"
            )
        return {
            TABLES[name].group: TABLES[name].checked(table, name, self.origin)
            for name, table in tables.items()
        }


_IN_USE: ContextVar[tuple[PluginFile, ...]] = ContextVar("plugins", default=())


def plugins_in_use() -> tuple[PluginFile, ...]:
    """The files given, in order."""
    return _IN_USE.get()


@contextmanager
def plugins(*files: str | Path | PluginFile) -> Iterator[None]:
    """Parts of plug-in files can be used by name inside.

        with eqspike.plugins("triplet_rule.py"):
            model = eqspike.load_model("my-model.yaml")

    Args:
        files: paths of Python files with dicts RULES, NEURONS, MEMORIES, ENGINES, LEARNERS or TASK_KINDS. They
            are run: give only files that you trust.

    Raises:
        ConfigError: for a file that cannot be loaded, or a part that is refused.
    """
    with ExitStack() as stack:
        for given in files:
            file = given if isinstance(given, PluginFile) else PluginFile.read(given)
            if file in _IN_USE.get():
                continue
            stack.enter_context(added(file.parts()))
            token = _IN_USE.set((*_IN_USE.get(), file))
            stack.callback(_IN_USE.reset, token)
        yield


def origins(used: Sequence[Origin]) -> tuple[Origin, ...]:
    """What a new run records: all files given, for they ran in its process, and of packages those it used."""
    files = (file.origin for file in plugins_in_use())
    packages = (origin for origin in used if origin.version)
    return tuple(dict.fromkeys((*files, *sorted(packages, key=str))))


def read_origins(section: Section) -> tuple[Origin, ...]:
    """Read what a run recorded, and refuse anything else than that in its place.

    Args:
        section: the whole of `config.yaml`; its key `plugins` is absent where there were none.

    Raises:
        ConfigError: if a file was not given or a package is not installed, or either is another one.
    """
    found = tuple(Origin.read(item) for item in section.sections("plugins", ()))
    for origin in found:
        if origin.sha256:
            _refuse_other_file(origin, section.where("plugins"))
        else:
            _refuse_other_package(origin, section.where("plugins"))
    return found


def _refuse_other_file(origin: Origin, where: str) -> None:
    given = [file.origin for file in plugins_in_use()]
    if origin.sha256 in (each.sha256 for each in given):
        return
    advice = f"give it with --plugin {origin.name}, or plugins= in Python"
    same = [each.sha256 for each in given if each.name == origin.name]
    if same:
        advice = f"the {origin.name} given has SHA-256 {same[0]}: give the file as it was"
    raise ConfigError(
        f"{where}: needs the plug-in {origin.name} with SHA-256 {origin.sha256}, and no file makes code run by "
        f"itself; {advice}"
    )


def _refuse_other_package(origin: Origin, where: str) -> None:
    try:
        version = metadata.version(origin.name)
    except metadata.PackageNotFoundError:
        version = "none"
    if version != origin.version:
        raise ConfigError(
            f"{where}: needs package {origin.name} {origin.version}, found {version}; "
            f"install it with: pip install {origin.name}=={origin.version}"
        )

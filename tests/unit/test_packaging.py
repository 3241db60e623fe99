"""setup.cfg: the written-out packages and data files are those that exist, and the wheel holds them."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "eqspike.library_data."
KINDS = ("chips", "models", "tables", "tasks")
SOURCES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "eqspike", *KINDS)


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    """setup.cfg, as setuptools reads it."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def files_below(folder: Path) -> Iterator[Path]:
    """Files that belong to the project: no caches, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(p == "__pycache__" or p.startswith(".") for p in parts):
            yield path


def test_packages_listed_are_the_folders_with_code(config: configparser.ConfigParser) -> None:
    listed = config["options"]["packages"].split()
    code = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in files_below(ROOT / "eqspike")
        if path.suffix == ".py"
    }
    assert listed == sorted(code | {LIBRARY + kind for kind in KINDS})


def test_library_packages_are_the_root_folders(config: configparser.ConfigParser) -> None:
    lines = config["options"]["package_dir"].split("\n")
    mapped = dict(line.split(" = ") for line in lines if line)
    assert mapped == {LIBRARY + kind: kind for kind in KINDS}


@pytest.mark.parametrize("folder", ["eqspike", *KINDS])
def test_every_data_file_is_packaged(config: configparser.ConfigParser, folder: str) -> None:
    patterns = config["options.package_data"]
    forgotten = []
    for path in files_below(ROOT / folder):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        package = LIBRARY + package if folder in KINDS else package
        wanted = patterns.get(package, "").replace(",", " ").split()
        if path.suffix != ".py" and not any(fnmatch(path.name, pattern) for pattern in wanted):
            forgotten.append(str(path.relative_to(ROOT)))
    assert not forgotten, "add a pattern to [options.package_data] of setup.cfg"


@pytest.fixture(scope="module")
def wheel_contents(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Names of the files in a wheel built from a copy of the sources."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--wheel-dir", str(copy / "dist"), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (copy / "dist").glob("eqspike-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_wheel_holds_code_and_library(wheel_contents: frozenset[str]) -> None:
    expected = {str(path.relative_to(ROOT)) for path in files_below(ROOT / "eqspike")}
    for kind in KINDS:
        for path in files_below(ROOT / kind):
            expected.add(f"eqspike/library_data/{path.relative_to(ROOT)}")
    assert expected <= wheel_contents


def test_wheel_installs_no_other_top_level_name(wheel_contents: frozenset[str]) -> None:
    names = {name.split("/")[0] for name in wheel_contents}
    assert {name for name in names if not name.endswith(".dist-info")} == {"eqspike"}

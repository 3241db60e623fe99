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
    assert config["options"]["package_dir"].split() == ["=", "."]
    for kind in KINDS:
        link = ROOT / "eqspike" / "library_data" / kind
        assert link.is_symlink()
        assert link.resolve() == ROOT / kind


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


def copied(copy: Path, links: bool) -> Path:
    """The sources in another folder, with the links in them or what they lead to."""
    copy.mkdir(exist_ok=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored, symlinks=links)
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy)
    return copy


EDITABLE = """
import sys
from setuptools import build_meta
print(build_meta.build_editable(sys.argv[1]))
"""
FIND = """
import importlib.util, site, sys
sys.path.insert(0, "")
site.addsitedir(sys.argv[1])
print(importlib.util.find_spec("eqspike").origin)
"""


def test_the_package_is_found_beside_its_checkout(tmp_path: Path) -> None:
    """In the folder that holds the checkout, `eqspike` is the package, not the folder of that name."""
    checkout = copied(tmp_path / "eqspike", links=True)
    command = [sys.executable, "-c", EDITABLE, str(tmp_path)]
    built = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("eqspike-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    found = subprocess.run(
        [sys.executable, "-E", "-S", "-c", FIND, str(tmp_path / "site")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.strip() == str(checkout / "eqspike" / "__init__.py"), found.stderr


@pytest.fixture(scope="module", params=[True, False], ids=["links", "copies"])
def wheel_contents(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> frozenset[str]:
    """Names of the files in a wheel built from a copy of the sources."""
    copy = copied(tmp_path_factory.mktemp("sources"), links=request.param)
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

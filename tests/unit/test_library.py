"""Descriptions are found by name or path and parsed strictly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike import library
from eqspike.chips import load_profile
from eqspike.core.errors import ConfigError
from eqspike.experiment import load_configuration, load_model
from eqspike.experiment.reproduction.tables import load_table
from eqspike.experiment.schemas.checking import check_description
from eqspike.tasks import load_task


@pytest.mark.parametrize("kind", library.KINDS)
def test_every_kind_has_named_descriptions(kind: str) -> None:
    """Sorted, each one a file that parses into a mapping."""
    names = library.names(kind)
    assert names
    assert list(names) == sorted(names)
    for name in names:
        path = library.find(kind, name)
        assert path == library.folder(kind) / f"{name}.yaml"
        assert isinstance(library.load_yaml(path), dict)


def test_the_models_of_the_paper_are_there() -> None:
    """The names the documentation uses."""
    assert "eqspike-100" in library.names("models")
    assert "mnist" in library.names("tasks")
    assert "loihi1" in library.names("chips")


def test_an_unknown_name_comes_with_the_nearest() -> None:
    """And with how to see them all."""
    with pytest.raises(ConfigError) as error:
        library.find("models", "eqspike-10")
    message = str(error.value)
    assert "'eqspike-10' is not in the library of models" in message
    assert "did you mean 'eqspike-100'?" in message
    assert "eqspike list models" in message


def test_equally_near_names_are_all_suggested() -> None:
    """The first of them would be a guess."""
    with pytest.raises(ConfigError, match=r"did you mean 'loihi1' or 'loihi2'\?"):
        library.find("chips", "loihi")


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    """A wrong guess would mislead."""
    with pytest.raises(ConfigError) as error:
        library.find("chips", "zzz")
    assert "did you mean" not in str(error.value)


def test_names_are_no_paths() -> None:
    """A name cannot leave the library's folder."""
    with pytest.raises(ConfigError, match="is not in the library"):
        library.find("models", "../models/eqspike-100")


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_path_names_a_file_of_the_user(tmp_path: Path, suffix: str) -> None:
    """Recognised by its ending; it must exist."""
    path = tmp_path / f"mine{suffix}"
    with pytest.raises(ConfigError, match="there is no such file"):
        library.find("models", str(path))
    path.write_text("a: 1")
    assert library.find("models", str(path)) == path


def loaded(tmp_path: Path, text: str) -> object:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return library.load_yaml(path)


@pytest.mark.parametrize(
    "text",
    ["beta: 1\nbeta: 2", "rule:\n  beta: 1\n  steps: 2\n  beta: 1", "- {beta: 1, beta: 1}"],
    ids=["at the top", "nested", "in a list"],
)
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    """YAML itself would silently let the last one win."""
    with pytest.raises(ConfigError, match="the key 'beta' is given twice") as error:
        loaded(tmp_path, text)
    line = text.count("\n") + 1
    assert f"mine.yaml:{line}: " in str(error.value) or line == 1
    assert "mine.yaml" in str(error.value)


def test_the_same_key_in_two_mappings_is_fine(tmp_path: Path) -> None:
    """Only within one mapping it must be unique."""
    text = "a: {beta: 1}\nb: {beta: 2}"
    assert loaded(tmp_path, text) == {"a": {"beta": 1}, "b": {"beta": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "a: [1",
        "a: *unknown",
        "a: !!map text",
        "a: !!timestamp text",
        "a: !!python/object:os.system x",
        "a: " + "9" * 5000,
        "a: " + "[" * 3000,
        "--- 1\n--- 2",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_yaml_is_refused(tmp_path: Path, text: str) -> None:
    """Naming the file, whatever the parser stumbles over."""
    with pytest.raises(ConfigError, match=r"mine\.yaml(:\d)?: is not valid YAML: "):
        loaded(tmp_path, text)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A folder, a missing file and bytes that are no text."""
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "absent.yaml", binary):
        with pytest.raises(ConfigError, match=path.name):
            library.load_yaml(path)


@pytest.mark.parametrize(
    "read",
    [
        load_model,
        load_task,
        load_profile,
        load_table,
        lambda path: load_configuration(Path(path)),
        lambda path: check_description(Path(path)),
    ],
    ids=["model", "task", "chip", "table", "configuration", "check"],
)
def test_every_reader_refuses_bytes_that_are_no_text(
    tmp_path: Path, read: Callable[[str], object]
) -> None:
    """Naming the file."""
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"title: \x80")
    with pytest.raises(ConfigError, match=r"mine\.yaml: "):
        read(str(path))

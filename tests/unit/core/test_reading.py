"""JSON of any form, from any file, is read or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.core.errors import ConfigError, RunError
from eqspike.core.reading import read_bytes, read_json, read_object


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b"NaN", "no finite number"),
        (b"-Infinity", "no finite number"),
        (b"1e999", "no finite number"),
        (b"9" * 5000, "is not valid JSON"),
        (b"[]", "one JSON object, got a list"),
        (b"null", "one JSON object, got null"),
        (b"1", "one JSON object, got a number"),
        (b'"a"', "one JSON object, got a text"),
    ],
)
def test_what_is_no_object_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Naming the file."""
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=rf"mine\.json: .*{said}"):
        read_object(path)


def test_a_missing_file_or_a_folder(tmp_path: Path) -> None:
    """The error is of the kind asked for."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_json(tmp_path / "none.json", ConfigError)
    with pytest.raises(RunError, match="cannot be read: Is a directory"):
        read_json(tmp_path)
    with pytest.raises(RunError, match="cannot be read"):
        read_json(Path("a\0b"))


def test_a_file_without_end_is_refused() -> None:
    """Only so much of it is read."""
    with pytest.raises(ConfigError, match="at most 1,000 bytes"):
        read_bytes(Path("/dev/zero"), 1000)

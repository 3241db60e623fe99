"""Reading files that somebody else may have written: of limited size, in UTF-8; and JSON, whatever it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eqspike.core.errors import ConfigError, EqspikeError, RunError

LARGEST_JSON = 256 * 1024**2
"""Bytes of a JSON file that are read; no file of eqspike comes near."""

_PIECE = 1024**2


def read_bytes(path: Path, most: int, error: Callable[[str], EqspikeError] = ConfigError) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises:
        EqspikeError: of the kind given, if it cannot be read or is larger.
    """
    try:
        with open(path, "rb") as file:
            content = b""
            while len(content) <= most and (piece := file.read(_PIECE)):
                content += piece
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"{path}: cannot be read: {reason}") from problem
    if len(content) > most:
        raise error(f"{path}: must hold at most {most:,} bytes, got more; is it the right file?")
    return content


def read_json(path: Path, error: Callable[[str], EqspikeError] = RunError) -> Any:
    """Read a JSON file.

    Raises:
        EqspikeError: of the kind given, if it is missing, damaged or no JSON.
    """
    return parse_json(read_bytes(path, LARGEST_JSON, error), str(path), error)


def read_object(path: Path, error: Callable[[str], EqspikeError] = RunError) -> dict[str, Any]:
    """Read a JSON file that holds one object.

    Raises:
        EqspikeError: of the kind given, if it holds anything else.
    """
    data = read_json(path, error)
    if not isinstance(data, dict):
        raise error(f"{path}: must hold one JSON object, got {_kind(data)}; the file is damaged")
    return data


def parse_json(
    content: bytes | str, source: str, error: Callable[[str], EqspikeError] = RunError
) -> Any:
    """Data of a JSON text: UTF-8, every key once, every number finite.

    Raises:
        EqspikeError: of the kind given, naming `source`.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_once, parse_constant=_finite, parse_float=_finite
        )
    except UnicodeDecodeError as problem:
        raise error(f"{source}: is not valid JSON: it is no text in UTF-8") from problem
    except RecursionError as problem:
        raise error(f"{source}: is not valid JSON: it is nested too deeply") from problem
    except ValueError as problem:
        raise error(f"{source}: is not valid JSON: {problem}") from problem


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"key '{key[:80]}' is given twice in one object")
            seen.add(key)
    return found


def _finite(text: str) -> float:
    """JSON has no infinities and no NaN, whatever Python's reader takes."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:80]} is no finite number")
    return number


def _kind(data: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(data), "a number")

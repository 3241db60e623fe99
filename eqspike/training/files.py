"""Arrays in files that carry a digest of their content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import RunError
from eqspike.core.files import write_bytes
from eqspike.core.reading import parse_json

_ENTRY = "eqspike"

Arrays = dict[str, NDArray[Any]]


def write_arrays(path: Path, arrays: Arrays, state: Any = None) -> None:
    """Write arrays and a JSON state as safetensors, with a digest of both."""
    write_bytes(path, arrays_bytes(arrays, state))


def arrays_bytes(arrays: Arrays, state: Any = None) -> bytes:
    """Content of the file that `write_arrays` writes."""
    from safetensors.numpy import save

    text = json.dumps(state, allow_nan=False)
    # One entry only: the library writes several in an order that differs from call to call.
    metadata = {_ENTRY: json.dumps({"state": text, "sha256": _digest(arrays, text)})}
    contiguous = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    return save(contiguous, metadata)


def read_arrays(path: Path) -> tuple[Arrays, Any]:
    """Read what `write_arrays` wrote.

    Raises:
        RunError: if the file is missing, or its content does not match its digest.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise RunError(f"{path}: there is no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            entry = (file.metadata() or {}).get(_ENTRY, "{}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunError(f"{path}: is damaged: {error}") from error
    metadata = parse_json(entry, f"{path}: its description")
    found = metadata if isinstance(metadata, dict) else {}
    state = found.get("state")
    if not isinstance(state, str) or found.get("sha256") != _digest(arrays, state):
        raise RunError(f"{path}: is damaged: its content does not match its digest")
    return arrays, parse_json(state, f"{path}: its state")


def _digest(arrays: Arrays, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.errors import RunError

_ENTRY = "eqspike"

Arrays = dict[str, NDArray[Any]]


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file in one step: a crash leaves the old file or the new one.

    Raises:
        RunError: if the file cannot be written (full disk, no permission).
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunError(f"{path}: cannot be written: {error.strerror}") from error


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file in one step; keys keep their order, so equal data give equal bytes."""
    write_bytes(path, (json.dumps(data, indent=2, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises:
        RunError: if it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RunError(f"{path}: is not valid JSON ({error}); the run folder is damaged") from error


def write_arrays(path: Path, arrays: Arrays, state: Any = None) -> None:
    """Write arrays and a JSON state as safetensors, with a digest of both."""
    from safetensors.numpy import save

    text = json.dumps(state, allow_nan=False)
    # One entry only: the library writes several in an order that differs from call to call.
    metadata = {_ENTRY: json.dumps({"state": text, "sha256": _digest(arrays, text)})}
    contiguous = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    write_bytes(path, save(contiguous, metadata))


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
            metadata = json.loads((file.metadata() or {}).get(_ENTRY, "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path}: is damaged: {error}") from error
    if metadata.get("sha256") != _digest(arrays, metadata.get("state", "")):
        raise RunError(f"{path}: is damaged: its content does not match its digest")
    return arrays, json.loads(metadata["state"])


def _digest(arrays: Arrays, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

"""Small tasks on disk, a local mirror, and an environment without the developer's own data."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.yaml_text import write_yaml

FULL_DATA = os.environ.get("EQSPIKE_DATA")


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's data nor their cache or proxy reaches a test."""
    monkeypatch.delenv("EQSPIKE_DATA", raising=False)
    monkeypatch.setenv("EQSPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def full_data(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Gives the named folder of full data back to the test, or skips it."""

    def use(name: str) -> Path:
        if not FULL_DATA or not (Path(FULL_DATA) / name).is_dir():
            pytest.skip(f"EQSPIKE_DATA names no folder that has {name}/")
        monkeypatch.setenv("EQSPIKE_DATA", FULL_DATA)
        return Path(FULL_DATA) / name

    return use


def _pack_idx(values: Any, code: int = 0x08) -> bytes:
    array = np.asarray(values, np.uint8)
    header = bytes((0, 0, code, array.ndim))
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def pack_idx() -> Callable[..., bytes]:
    """Values to the bytes of an idx file."""
    return _pack_idx


class SmallTask:
    """Six train and four test images of 2x3 in three classes, as files and as a description."""

    def __init__(self) -> None:
        generator = np.random.default_rng(5)
        self.images = {
            s: generator.integers(0, 256, (n, 2, 3)) for s, n in (("train", 6), ("test", 4))
        }
        self.labels = {"train": np.array([0, 1, 2, 2, 1, 0]), "test": np.array([2, 1, 0, 0])}
        self.unpacked = {
            f"{split}-{kind}.gz": _pack_idx(getattr(self, kind)[split])
            for split in ("train", "test")
            for kind in ("images", "labels")
        }
        self.files = {name: gzip.compress(data, mtime=0) for name, data in self.unpacked.items()}

    def description(self, **changes: Any) -> dict[str, Any]:
        """The description as data; a change to `None` takes the key out."""
        data: dict[str, Any] = {
            "title": "Small",
            "source": "made up",
            "licence": "none needed",
            "image_shape": [2, 3],
            "classes": 3,
            "kind": "idx",
        }
        for split in ("train", "test"):
            data[split] = {"samples": len(self.labels[split])}
            for kind in ("images", "labels"):
                name = f"{split}-{kind}.gz"
                data[split][kind] = {
                    "file": name,
                    "sha256": hashlib.sha256(self.files[name]).hexdigest(),
                    "content_sha256": hashlib.sha256(self.unpacked[name]).hexdigest(),
                }
        return {key: value for key, value in (data | changes).items() if value is not None}

    def write_yaml(self, path: Path, **changes: Any) -> str:
        """Write the description; gives its path as `load_task` takes it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write_yaml(self.description(**changes)), encoding="utf-8")
        return str(path)

    def write_files(self, folder: Path) -> Path:
        """Write the four packed files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        return folder


@pytest.fixture
def small() -> SmallTask:
    """A small task."""
    return SmallTask()


class Mirror:
    """A local web server; a path is answered by bytes, a status, or bytes and how many to send."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                answer = mirror.answers.get(self.path, 404)
                if isinstance(answer, int):
                    self.send_error(answer)
                    return
                body, sent = answer if isinstance(answer, tuple) else (answer, len(answer))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:sent])
                self.wfile.flush()
                if sent < len(body):
                    mirror.stalled.set()
                    mirror.release.wait(20)

            def log_message(self, *args: object) -> None:
                pass

        self.stalled = threading.Event()
        self.release = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def serve(self, folder: str, files: dict[str, Any]) -> dict[str, str]:
        """Answer under `/folder/`; gives the mirror's entry for a description."""
        self.answers.update({f"/{folder}/{name}": answer for name, answer in files.items()})
        return {"url": f"{self.url}/{folder}/"}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A running local web server."""
    running = Mirror()
    thread = threading.Thread(target=running.server.serve_forever, args=(0.02,))
    thread.start()
    yield running
    running.release.set()
    running.server.shutdown()
    thread.join()
    running.server.server_close()

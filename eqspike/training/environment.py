"""What a run was made with."""

from __future__ import annotations

import platform
from importlib import metadata

from eqspike.core.threads import thread_count

_PACKAGES = ("eqspike", "numpy", "numba", "torch", "safetensors")


def environment() -> dict[str, str]:
    """Versions, machine and number of threads, for provenance."""
    versions = {
        "python": platform.python_version(), "machine": platform.machine(), "threads": str(thread_count()),
    }  # fmt: skip
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions

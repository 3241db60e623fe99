"""`eqspike doctor`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

from eqspike.cli.printing import print_json, print_table
from eqspike.core.stages import doing

_PACKAGES = {
    "numpy": "everything",
    "numba": "the fast engine",
    "safetensors": "run folders",
    "pooch": "downloading data sets",
    "jinja2": "energy reports",
    "matplotlib": "figures (extra 'plots')",
    "torch": "the torch engine, the gradient check (extra 'torch')",
    "brian2": "the Brian2 reference (extra 'brian2')",
    "lava": "Loihi deployment (extra 'lava')",
    "norse": "norse baselines (extra 'norse')",
    "nir": "export to other simulators (extra 'nir')",
    "distributed": "grids of runs (extra 'sweep')",
    "optuna": "searches by Optuna (extra 'optuna')",
    "tensorboardX": "runs in TensorBoard (extra 'tensorboard')",
    "PIL": "image files in a zip (extra 'images')",
}
_REQUIRED = ("numpy", "numba", "safetensors", "pooch", "jinja2")
_DISTRIBUTIONS = {"lava": "lava-nc", "PIL": "pillow"}


def doctor(options: argparse.Namespace) -> int:
    """What is installed, where data and kernels are kept, and which engines run on this machine."""
    with (
        warnings.catch_warnings()
    ):  # of packages about themselves; no reason to end the examination
        warnings.simplefilter("ignore")
        found = _examined()
    if options.json:
        print_json(found)
    else:
        _print(found)
    return 0 if found["healthy"] else 1


def _examined() -> dict[str, Any]:
    packages = {name: _version(name) for name in _PACKAGES}
    kernels = _try_kernels()
    return {
        "packages": packages,
        "places": _places(),
        "kernels": kernels,
        "brian2_targets": _targets() if packages["brian2"] else {},
        "lava": _try_lava(),
        "healthy": all(packages[name] for name in _REQUIRED) and kernels == "work",
    }


def _print(found: dict[str, Any]) -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores\n")
    rows = [
        (name, found["packages"][name] or "not installed", use) for name, use in _PACKAGES.items()
    ]
    print_table(("package", "version", "needed for"), rows)
    print()
    print_table(
        ("place", "", ""), [(name, path, state) for name, (path, state) in found["places"].items()]
    )
    print(f"\nfast engine: kernels {found['kernels']}")
    for target, state in found["brian2_targets"].items():
        print(f"engine brian2:{target}: {state}")
    print(f"engine lava: {found['lava']}")


def _version(package: str) -> str | None:
    if importlib.util.find_spec(package) is None:
        return None
    try:
        return metadata.version(_DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:
        return "unknown version"


def _places() -> dict[str, tuple[str, str]]:
    from eqspike import library
    from eqspike.engines.fast.compilation import cache_folder

    places = {
        kind: (str(library.folder(kind)), _state(library.folder(kind))) for kind in library.KINDS
    }
    data = os.environ.get("EQSPIKE_DATA")
    places["data (EQSPIKE_DATA)"] = (data or "not set", _state(Path(data)) if data else "")
    places["kernels"] = (str(cache_folder()), _state(cache_folder()))
    return places


def _state(folder: Path) -> str:
    if not folder.is_dir():
        return "not there yet"
    return "writable" if os.access(folder, os.W_OK) else "read only"


def _targets() -> dict[str, str]:
    """Code targets of Brian2, each with what it lacks here."""
    try:
        from eqspike.engines.brian2.targets import TARGETS, lacking
    except Exception as error:  # a doctor reports every illness
        return {"all": f"fail: {type(error).__name__}: {error}"}
    return {
        name: f"needs {lack}" if (lack := lacking(name)) else "has what it needs"
        for name in TARGETS
    }


def _try_kernels() -> str:
    """Run one tiny presentation."""
    import numpy as np

    from eqspike.experiment import load_model, open_session

    try:
        system = load_model("eqspike-digits").system
        with doing("a network in the fast engine"), open_session(system) as session:
            images = np.zeros((1, system.network.input.size), np.uint8)
            session.scores(images, np.zeros(1, np.uint64))
    except Exception as error:  # a doctor reports every illness
        return f"fail: {type(error).__name__}: {error}"
    return "work"


def _try_lava() -> str:
    """Run one neuron for one step, in a child process."""
    from eqspike.engines.lava import works

    with doing("a neuron in Lava"):
        return works()

"""Settings of all tests: Hypothesis draws the same examples in every run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

settings.register_profile("eqspike", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("eqspike")

PLUGINS = Path(__file__).parent.parent / "examples" / "plugins"


@pytest.fixture(scope="session")
def plugin() -> Callable[[str], ModuleType]:
    """Loads a worked example of a part of one's own, by the name of its file."""

    def load(name: str) -> ModuleType:
        described = importlib.util.spec_from_file_location(name, PLUGINS / f"{name}.py")
        if described is None or described.loader is None:
            raise FileNotFoundError(name)
        module = importlib.util.module_from_spec(described)
        sys.modules[name] = module
        described.loader.exec_module(module)
        return module

    return load

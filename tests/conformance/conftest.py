"""Lava's own process models, run in this process without its runtime."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

LAVA_NAMES = {
    "lava.proc.lif.models": ("PyLifModelBitAcc",),
    "lava.proc.dense.models": ("PyDenseModelBitAcc",),
    "lava.magma.core.model.py.connection": ("LearningConnectionModelBitApproximate",),
    "lava.magma.core.learning.learning_rule": ("Loihi2FLearningRule",),
    "lava.magma.core.learning.learning_rule_applier": ("LearningRuleApplierBitApprox",),
    "lava.utils.weightutils": ("SignMode", "clip_weights", "truncate_weights"),
}


@contextlib.contextmanager
def unhashable_defaults() -> Iterator[None]:
    """Lava uses a data class as a field's default, which Python 3.11 refuses unless the class can be hashed."""
    original = dataclasses._process_class  # type: ignore[attr-defined]

    def process(cls: Any, *arguments: Any, **options: Any) -> Any:
        made = original(cls, *arguments, **options)
        if made.__hash__ is None:
            made.__hash__ = object.__hash__
        return made

    dataclasses._process_class = process  # type: ignore[attr-defined]
    try:
        yield
    finally:
        dataclasses._process_class = original  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def lava() -> SimpleNamespace:
    """The names above, imported; tests that ask for it are skipped where Lava is missing."""
    pytest.importorskip("lava")
    found = SimpleNamespace()
    with unhashable_defaults():
        for module, names in LAVA_NAMES.items():
            for name in names:
                setattr(found, name, getattr(importlib.import_module(module), name))
    return found

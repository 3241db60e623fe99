"""Lava's own process models, run in this process without its runtime."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest

from eqspike.engines.lava.compatibility import prepare_lava

LAVA_NAMES = {
    "lava.proc.lif.models": ("PyLifModelBitAcc",),
    "lava.proc.dense.models": ("PyDenseModelBitAcc",),
    "lava.magma.core.model.py.connection": ("LearningConnectionModelBitApproximate",),
    "lava.magma.core.learning.learning_rule": ("Loihi2FLearningRule",),
    "lava.magma.core.learning.learning_rule_applier": ("LearningRuleApplierBitApprox",),
    "lava.utils.weightutils": ("SignMode", "clip_weights", "truncate_weights"),
}


@pytest.fixture(scope="session")
def lava() -> SimpleNamespace:
    """The names above, imported; tests that ask for it are skipped where Lava is missing."""
    pytest.importorskip("lava")
    found = SimpleNamespace()
    prepare_lava()
    for module, names in LAVA_NAMES.items():
        for name in names:
            setattr(found, name, getattr(importlib.import_module(module), name))
    return found

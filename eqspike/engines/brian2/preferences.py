"""Brian2's preferences are global: they are set while this engine works and given back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from brian2 import prefs

ENGINE_PREFERENCES = {
    "codegen.target": "numpy",
    "codegen.string_expression_target": "numpy",
    # Rearranged expressions round differently: what is written is what is computed.
    "codegen.loop_invariant_optimisations": False,
    "core.default_float_dtype": np.float64,
}


@contextmanager
def engine_preferences() -> Iterator[None]:
    """The preferences this engine needs, inside a `with` statement only."""
    before = {name: prefs[name] for name in ENGINE_PREFERENCES}
    try:
        for name, value in ENGINE_PREFERENCES.items():
            prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            prefs[name] = value

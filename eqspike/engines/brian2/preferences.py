"""Brian2's preferences and its device are global: set while this engine works, given back afterwards."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2 import prefs

from eqspike.engines.brian2.targets import Target, cache_folder

# The attribute `brian2.devices.device` is another object of the same name.
_devices: Any = importlib.import_module("brian2.devices.device")

COMPILER_ARGUMENTS = ["-w", "-O3", "-ffp-contract=off", "-std=c++11"]
"""Full optimisation, but each operation rounds as written: no -ffast-math, and no product fused with a sum."""


def engine_preferences(target: Target) -> dict[str, Any]:
    """All preferences on which this engine's results or files depend."""
    return {
        "codegen.target": "cython" if target.name == "cython" else "numpy",
        "codegen.string_expression_target": "numpy",
        # Rearranged expressions round differently: what is written is what is computed.
        "codegen.loop_invariant_optimisations": False,
        "codegen.cpp.extra_compile_args": COMPILER_ARGUMENTS,
        # A folder of our own: Brian2 would reuse what was compiled from the same code with other arguments.
        "codegen.runtime.cython.cache_dir": str(cache_folder("cython")),
        "core.default_float_dtype": np.float64,
        # A run cut short would be taken for a whole one; the command line stops between batches.
        "core.stop_on_keyboard_interrupt": False,
        "devices.cpp_standalone.openmp_threads": target.threads if target.threads > 1 else 0,
        "devices.cpp_standalone.extra_make_args_unix": [f"-j{os.cpu_count() or 1}"],
        # Threads that wait must not hold a core that others need: on a busy machine that costs 20 times as much.
        "devices.cpp_standalone.run_cmd_unix": ["env", "OMP_WAIT_POLICY=passive", "./main"],
        # These would stay in the environment of this process.
        "devices.cpp_standalone.run_environment_variables": {},
    }


@contextmanager
def engine_at_work(target: Target, device: Any = None) -> Iterator[None]:
    """The preferences and the device this engine needs, inside a `with` statement only.

    Args:
        target: decides the preferences.
        device: Brian2's device; by default the one that runs within this process.
    """
    wanted = engine_preferences(target)
    before = {name: prefs[name] for name in wanted}
    active = _devices.get_device()
    try:
        for name, value in wanted.items():
            prefs[name] = value
        # Not by `set_device`, which also writes to the clock and the options of the user's device.
        _devices.active_device = device or _devices.runtime_device
        yield
    finally:
        _devices.active_device = active
        for name, value in before.items():
            prefs[name] = value

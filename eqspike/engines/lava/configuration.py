"""What a graph of Lava processes is compiled for: the simulation or a Loihi 2. Imported in the child only."""

from __future__ import annotations

import importlib.util
from typing import Any

from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg

from eqspike.core.errors import MissingPackageError

HARDWARE_COMPILER = "lava.magma.compiler.subcompilers.nc"
"""Part of Lava's extension for Loihi, which Intel gives to members of its research community."""


def run_configuration(tag: str, hardware: bool = False, hierarchical: bool = False) -> Any:
    """Lava's run configuration.

    Args:
        tag: arithmetic of the process models, `fixed_pt` or `floating_pt`; a chip has its own.
        hierarchical: whether processes made of others are taken apart.
        hardware: for a Loihi 2 instead of the simulation. Not run on silicon by us.

    Raises:
        MissingPackageError: for hardware, where Lava's extension for Loihi is not installed.
    """
    if not hardware:
        return Loihi2SimCfg(select_tag=tag, select_sub_proc_model=hierarchical)
    if importlib.util.find_spec(HARDWARE_COMPILER) is None:
        raise MissingPackageError(
            "Loihi 2 hardware needs Lava's extension for Loihi ('lava-loihi'), which is not installed; it is "
            "given to members of Intel's Neuromorphic Research Community and is on no package index"
        )
    return Loihi2HwCfg()

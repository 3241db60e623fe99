"""eqspike: spiking networks that learn by Equilibrium Propagation, from description to chip energy.

    import eqspike

    run = eqspike.train("eqspike-digits", "digits", out="runs/digits")
    print(run.accuracy)

The names below are loaded when first used, so that importing eqspike stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eqspike.api import evaluate as evaluate
    from eqspike.api import export_nir as export_nir
    from eqspike.api import train as train
    from eqspike.core.counts import EventCounts as EventCounts
    from eqspike.core.errors import EqspikeError as EqspikeError
    from eqspike.energy import estimate as estimate
    from eqspike.experiment import load_model as load_model
    from eqspike.experiment import open_session as open_session
    from eqspike.experiment.plugins import plugins as plugins
    from eqspike.tasks import load_task as load_task

_HOMES = {
    "EqspikeError": "eqspike.core.errors",
    "EventCounts": "eqspike.core.counts",
    "estimate": "eqspike.energy",
    "evaluate": "eqspike.api",
    "export_nir": "eqspike.api",
    "load_model": "eqspike.experiment",
    "load_task": "eqspike.tasks",
    "open_session": "eqspike.experiment",
    "plugins": "eqspike.experiment.plugins",
    "train": "eqspike.api",
}

__all__ = [
    "EqspikeError",
    "EventCounts",
    "__version__",
    "estimate",
    "evaluate",
    "export_nir",
    "load_model",
    "load_task",
    "open_session",
    "plugins",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from eqspike.core.version import package_version

        return package_version()
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'eqspike' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)

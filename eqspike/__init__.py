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
    from eqspike.api.checks import check_gradient as check_gradient
    from eqspike.api.checks import parity as parity
    from eqspike.api.chips import compare as compare
    from eqspike.api.chips import deploy_nir as deploy_nir
    from eqspike.api.chips import deploy_run as deploy_run
    from eqspike.api.chips import estimate_run as estimate_run
    from eqspike.api.chips import export_brian2 as export_brian2
    from eqspike.api.chips import export_nir as export_nir
    from eqspike.api.chips import lava_graph as lava_graph
    from eqspike.api.reproducing import reproduce as reproduce
    from eqspike.api.runs import evaluate as evaluate
    from eqspike.api.runs import meter as meter
    from eqspike.api.runs import plot as plot
    from eqspike.api.runs import plot_stdp as plot_stdp
    from eqspike.api.runs import predict as predict
    from eqspike.api.runs import weights as weights
    from eqspike.api.sweeping import sweep as sweep
    from eqspike.api.training import resume as resume
    from eqspike.api.training import train as train
    from eqspike.core.counts import EventCounts as EventCounts
    from eqspike.core.errors import EqspikeError as EqspikeError
    from eqspike.energy import estimate as estimate
    from eqspike.engines.lava.compatibility import prepare_lava as prepare_lava
    from eqspike.experiment import load_model as load_model
    from eqspike.experiment import open_session as open_session
    from eqspike.experiment.plugins import plugins as plugins
    from eqspike.experiment.schemas import check_description as check_description
    from eqspike.tasks import load_task as load_task
    from eqspike.tasks.saving import save_task as save_task

_HOMES = {
    "EqspikeError": "eqspike.core.errors",
    "EventCounts": "eqspike.core.counts",
    "check_description": "eqspike.experiment.schemas",
    "check_gradient": "eqspike.api.checks",
    "compare": "eqspike.api.chips",
    "deploy_nir": "eqspike.api.chips",
    "deploy_run": "eqspike.api.chips",
    "estimate": "eqspike.energy",
    "estimate_run": "eqspike.api.chips",
    "evaluate": "eqspike.api.runs",
    "export_brian2": "eqspike.api.chips",
    "export_nir": "eqspike.api.chips",
    "lava_graph": "eqspike.api.chips",
    "load_model": "eqspike.experiment",
    "load_task": "eqspike.tasks",
    "meter": "eqspike.api.runs",
    "open_session": "eqspike.experiment",
    "parity": "eqspike.api.checks",
    "plot": "eqspike.api.runs",
    "plot_stdp": "eqspike.api.runs",
    "plugins": "eqspike.experiment.plugins",
    "predict": "eqspike.api.runs",
    "prepare_lava": "eqspike.engines.lava.compatibility",
    "reproduce": "eqspike.api.reproducing",
    "resume": "eqspike.api.training",
    "save_task": "eqspike.tasks.saving",
    "sweep": "eqspike.api.sweeping",
    "train": "eqspike.api.training",
    "weights": "eqspike.api.runs",
}

__all__ = [
    "EqspikeError",
    "EventCounts",
    "__version__",
    "check_description",
    "check_gradient",
    "compare",
    "deploy_nir",
    "deploy_run",
    "estimate",
    "estimate_run",
    "evaluate",
    "export_brian2",
    "export_nir",
    "lava_graph",
    "load_model",
    "load_task",
    "meter",
    "open_session",
    "parity",
    "plot",
    "plot_stdp",
    "plugins",
    "predict",
    "prepare_lava",
    "reproduce",
    "resume",
    "save_task",
    "sweep",
    "train",
    "weights",
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

"""The public names are exactly those promised."""

from __future__ import annotations

import importlib

import pytest

import eqspike

EXPORTS = {
    "eqspike": [
        "EqspikeError", "EventCounts", "__version__", "check_description", "check_gradient", "compare",
        "deploy_nir", "deploy_run", "estimate", "estimate_run", "evaluate", "export_brian2", "export_nir",
        "lava_graph", "load_model", "load_task", "meter", "open_session", "parity", "plot", "plot_stdp", "plugins",
        "predict", "prepare_lava", "reproduce", "resume", "save_task", "sweep", "train", "weights",
    ],
    "eqspike.counting": [
        "Connection", "count_arrays", "count_brian2", "count_lava", "count_nir", "write_counts_file",
    ],
    "eqspike.engines.fast": ["FastSession"],
    "eqspike.memory": [
        "MEMORIES", "Binary", "Fixed", "Ideal", "Kept", "Metaplastic", "Scale",
        "WeightMemory", "Writes", "Written", "read_memory",
    ],
    "eqspike.nn": [
        "DCHN_SETTINGS", "DCHN_WIDTHS", "EnergyBlock", "EnergyLayer", "EnergySettings", "HamiltonianUnit",
        "LinearOscillators", "LogCoshOscillators", "PrecisionWarning", "RestWarning", "Skip", "TargetPropagation",
        "dchn",
    ],
    "eqspike.rules": [
        "AsymmetricEquilibrium", "ContinualEquilibrium", "ContinualVectorField", "EqSpike", "Equilibrium",
        "Nudging", "RULES", "RateRule", "SpikingRule", "read_rate_rule", "read_spike_rule",
    ],
    "eqspike.tasks": [
        "SPLITS", "AnyTask", "Curriculum", "Metric", "Samples", "Series", "SeriesTask", "Split", "Stage", "Task",
        "load_task",
    ],
}  # fmt: skip


@pytest.mark.parametrize("module", sorted(EXPORTS))
def test_exported_names(module: str) -> None:
    """`__all__` is the promised list, and every name in it can be had."""
    found = importlib.import_module(module)
    assert sorted(found.__all__) == sorted(EXPORTS[module])
    for name in found.__all__:
        assert getattr(found, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Lazy loading must not hide typing mistakes."""
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        eqspike.trian  # noqa: B018

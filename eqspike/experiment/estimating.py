"""From a run folder to an energy report."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from eqspike import library
from eqspike.chips import load_profile
from eqspike.core.errors import RunError
from eqspike.energy import EnergyReport, build_report
from eqspike.experiment.configuration import load_configuration
from eqspike.training import RunFolder
from eqspike.training.files import read_json


def estimate_run(out: Path, chips: tuple[str, ...]) -> EnergyReport:
    """Energy of a run on chips.

    Args:
        out: the run's folder; at least one epoch must be complete.
        chips: library names or paths of profiles, each once.

    Raises:
        RunError: if there is no run or it has no counts.
        ConfigError: for an unknown chip.
        UnsupportedError: for a model of rates.
    """
    folder = RunFolder.open(out)
    configuration = load_configuration(folder.config_path)
    # A profile prices the addition of a weight when a spike arrives; a rate is multiplied, which costs more.
    configuration.model.spiking_system("an energy estimate by the cost of spikes")
    training, inference = folder.counts()
    return build_report(
        chips=[load_profile(name) for name in chips],
        provenance=_provenance(folder, configuration.as_yaml()),
        training=training,
        inference=inference,
    )


def chip_names(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the profiles asked for; `all` stands for the whole library, repetitions are dropped."""
    return library.names("chips") if "all" in wanted else tuple(dict.fromkeys(wanted))


def _provenance(folder: RunFolder, config: str) -> dict[str, Any]:
    """What the counts are counts of; nothing that differs between equal runs but the machine's versions."""
    metrics = folder.metrics()
    if not metrics:
        raise RunError(f"{folder.path}: no epoch has been completed yet; nothing to estimate")
    configuration = load_configuration(folder.config_path)
    memory = configuration.model.system.memory
    return {
        "model": configuration.model.name,
        "title": configuration.model.title,
        "task": configuration.task,
        "engine": configuration.engine,
        "seed": configuration.seed,
        "epochs": len(metrics),
        "accuracy": metrics[-1]["test_accuracy"],
        "weight_memory": memory.kind,
        "configuration_sha256": hashlib.sha256(config.encode()).hexdigest(),
        "environment": read_json(folder.path / "environment.json"),
    }

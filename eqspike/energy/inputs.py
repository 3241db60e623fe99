"""What a report was made of, kept beside it, so that it can be made again without the run.

inputs.json    schema `eqspike-energy-inputs-1`: provenance, counts of training and inference, chip names
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eqspike.chips import load_profile
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, RunError
from eqspike.energy.contents import EnergyReport, build_report

SCHEMA = "eqspike-energy-inputs-1"
NAME = "inputs.json"


def write_inputs(report: EnergyReport, chips: tuple[str, ...], folder: Path) -> Path:
    """Write `inputs.json` into `folder`; returns its path.

    Args:
        report: what was reported.
        chips: the names or paths the profiles were loaded by.
        folder: an existing folder.

    Raises:
        RunError: if the file cannot be written.
    """
    data = {
        "schema": SCHEMA,
        "provenance": dict(report.provenance),
        "chips": list(chips),
        "training": report.training and report.training.to_json(),
        "inference": report.inference and report.inference.to_json(),
    }
    path = folder / NAME
    try:
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def read_inputs(folder: Path) -> EnergyReport:
    """Estimate anew from `folder/inputs.json` with the chip profiles as they are now.

    Raises:
        ConfigError: if the file is missing or does not follow the schema.
    """
    path = folder / NAME
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ConfigError(f"{path}: schema must be '{SCHEMA}'")
    try:
        names = [str(name) for name in data["chips"]]
        provenance = dict(data["provenance"])
        counts = {key: data[key] for key in ("training", "inference")}
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: does not follow the schema: {error!r}") from error
    return build_report(
        chips=[load_profile(name) for name in names],
        provenance=provenance,
        training=_counts(counts["training"], f"{path}: training"),
        inference=_counts(counts["inference"], f"{path}: inference"),
    )


def _counts(data: Any, source: str) -> EventCounts | None:
    return None if data is None else EventCounts.from_json(data, source)

"""What a document was made of, kept beside it, so that it can be made again without the run.

inputs.json    schema `eqspike-energy-inputs-1`: provenance, chip names, counts of training and inference;
               and where given: conditions, figures of the user, numbers of weights, rate of training, activity
               schema `eqspike-comparison-inputs-1`: chip names, conditions, the user's figures, and of each system
               label, provenance, counts and numbers of weights
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from eqspike.chips import ChipProfile, load_profile, with_figures
from eqspike.core.activity import activity_json, read_activity
from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.core.journal import finish_renames
from eqspike.core.reading import read_json
from eqspike.energy.conditions import Conditions
from eqspike.reports.comparison import ComparedSystem, SystemComparison, build_comparison
from eqspike.reports.contents import EnergyReport, build_report
from eqspike.reports.files import write_texts

SCHEMA = "eqspike-energy-inputs-1"
COMPARISON_SCHEMA = "eqspike-comparison-inputs-1"
NAME = "inputs.json"


Figures = Mapping[str, Mapping[str, str]]
"""Figures of the user, by chip and name of the figure."""


def write_inputs(
    report: EnergyReport, chips: tuple[str, ...], folder: Path, figures: Figures | None = None
) -> Path:
    """Write `inputs.json` into `folder`; returns its path.

    Args:
        report: what was reported.
        chips: the names or paths the profiles were loaded by.
        folder: an existing folder.
        figures: figures of the user that the profiles were given.

    Raises:
        RunError: if the file cannot be written.
    """
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "provenance": dict(report.provenance),
        "chips": list(chips),
        "conditions": report.conditions.to_json(),
        "figures": {chip: dict(given) for chip, given in (figures or {}).items()},
        "weights": dict(report.weights),
        "samples_per_second": report.samples_per_second,
        "training": report.training and report.training.to_json(),
        "inference": report.inference and report.inference.to_json(),
    }
    if report.activity:
        data["activity"] = activity_json(report.activity)
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    return write_texts(folder, {NAME: text})[0]


def read_inputs(folder: Path) -> EnergyReport:
    """Estimate anew from `folder/inputs.json` with the chip profiles as they are now.

    Raises:
        ConfigError: if the file is missing or does not follow the schema.
    """
    path = folder / NAME
    data = read_object(path, (SCHEMA,))
    with following_schema(path):
        system, (names, figures, conditions) = (
            read_system("", data, data, str(path)),
            settings(data),
        )
        return build_report(
            chips=load_chips(names, figures),
            provenance=system.provenance,
            training=system.training,
            inference=system.inference,
            conditions=conditions,
            weights=system.weights,
            samples_per_second=float(data.get("samples_per_second", 1.0)),
            activity=read_activity(data["activity"], f"{path}: activity")
            if "activity" in data
            else None,
        )


def write_comparison_inputs(
    comparison: SystemComparison, chips: tuple[str, ...], folder: Path, figures: Figures
) -> Path:
    """Write `inputs.json`; arguments as for `write_inputs`."""
    data = {
        "schema": COMPARISON_SCHEMA,
        "chips": list(chips),
        "conditions": comparison.conditions.to_json(),
        "figures": {chip: dict(given) for chip, given in figures.items()},
        "systems": [
            {
                "label": system.label,
                "provenance": dict(system.provenance),
                "weights": dict(system.weights),
                "unpriced": system.unpriced,
                "training": system.training and system.training.to_json(),
                "inference": system.inference and system.inference.to_json(),
            }
            for system in comparison.systems
        ],
    }
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    return write_texts(folder, {NAME: text})[0]


def read_comparison_inputs(path: Path) -> SystemComparison:
    """Compare anew from an `inputs.json` with the chip profiles as they are now.

    Raises:
        ConfigError: if the file is missing or does not follow the schema.
    """
    data = read_object(path, (COMPARISON_SCHEMA,))
    with following_schema(path):
        systems = [
            replace(
                read_system(str(item["label"]), item, item, f"{path}: systems"),
                unpriced=str(item["unpriced"]),
            )
            for item in data["systems"]
        ]
        names, figures, conditions = settings(data)
        return build_comparison(systems, load_chips(names, figures), conditions)


def read_system(label: str, data: Any, counts: Any, source: str) -> ComparedSystem:
    """One run from `data`, with counts of training and inference from `counts`."""
    training, inference = (
        None if counts[name] is None else EventCounts.from_json(counts[name], f"{source}: {name}")
        for name in ("training", "inference")
    )
    weights = {str(place): int(number) for place, number in data.get("weights", {}).items()}
    return ComparedSystem(label, dict(data["provenance"]), training, inference, weights)


def settings(data: Any) -> tuple[tuple[str, ...], dict[str, dict[str, str]], Conditions]:
    """Names of the chips, figures of the user by chip, and conditions."""
    figures = {str(chip): dict(given) for chip, given in data.get("figures", {}).items()}
    names = tuple(str(name) for name in data["chips"])
    return names, figures, Conditions(**data.get("conditions", {}))


@contextmanager
def following_schema(path: Path) -> Iterator[None]:
    """Make a `ConfigError` of what goes wrong in data of another form."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: does not follow the schema: {error!r}") from error


def read_object(path: Path, schemas: Sequence[str]) -> dict[str, Any]:
    """The JSON object of a file that follows one of `schemas`; renames broken off beside it are finished first.

    Raises:
        ConfigError: if there is none.
    """
    finish_renames(path.parent)
    data = read_json(path, ConfigError)
    if not isinstance(data, dict) or data.get("schema") not in schemas:
        wanted = " or ".join(f"'{schema}'" for schema in schemas)
        raise ConfigError(f"{path}: schema must be {wanted}")
    return data


def load_chips(names: Sequence[str], figures: Figures) -> list[ChipProfile]:
    """Profiles with the user's figures.

    Args:
        names: library names or paths.
        figures: by name of the profile.

    Raises:
        ConfigError: for an unknown chip, or figures of a chip that is not among them.
    """
    chips = [load_profile(name) for name in names]
    for name in figures:
        if name not in {chip.name for chip in chips}:
            raise ConfigError(
                f"figures are given for chip '{name}', which is not among those asked for: "
                f"{', '.join(chip.name for chip in chips)}"
            )
    return [with_figures(chip, figures.get(chip.name, {})) for chip in chips]

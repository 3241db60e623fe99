"""Comparison of systems as JSON, Markdown and one HTML page, and the inputs it can be made from again.

inputs.json    schema `eqspike-comparison-inputs-1`: chip names, conditions, the user's figures, and of each system
               label, provenance, counts and numbers of weights
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError
from eqspike.energy.conditions import Conditions
from eqspike.energy.model import Estimate
from eqspike.energy.wording import EXCLUSIONS
from eqspike.reports.comparison import (
    ComparedSystem,
    SystemComparison,
    SystemEnergy,
    build_comparison,
    energy_ratio,
    events_per_sample,
)
from eqspike.reports.comparison_render import render_html, render_markdown
from eqspike.reports.export import interval_data, profile_data
from eqspike.reports.files import write_texts
from eqspike.reports.inputs import NAME, Figures, load_chips, read_object

SCHEMA = "eqspike-comparison-1"
INPUTS_SCHEMA = "eqspike-comparison-inputs-1"


def comparison_json(comparison: SystemComparison) -> dict[str, Any]:
    """The comparison as JSON data, described in `docs/energy.md`; energies in joules, null for unknown."""
    return {
        "schema": SCHEMA,
        "conditions": comparison.conditions.to_json(),
        "first": comparison.systems[0].label,
        "systems": {
            system.label: _system(system, index, comparison)
            for index, system in enumerate(comparison.systems)
        },
        "chips": {
            chip.name: {
                "title": chip.title,
                "reference": chip.reference,
                "profile": profile_data(chip),
            }
            for chip in comparison.chips
        },
        "excluded": list(EXCLUSIONS),
    }


def write_comparison(comparison: SystemComparison, folder: Path | str) -> tuple[Path, Path, Path]:
    """Write `comparison.json`, `comparison.md` and `comparison.html`; returns their paths in that order.

    Raises:
        RunError: if the folder or a file cannot be written.
        MissingPackageError: without the package `jinja2`.
    """
    data = json.dumps(comparison_json(comparison), indent=2, ensure_ascii=False) + "\n"
    texts = {
        "comparison.json": data,
        "comparison.md": render_markdown(comparison),
        "comparison.html": render_html(comparison),
    }
    json_path, markdown_path, html_path = write_texts(Path(folder), texts)
    return json_path, markdown_path, html_path


def write_comparison_inputs(
    comparison: SystemComparison, chips: tuple[str, ...], folder: Path, figures: Figures
) -> Path:
    """Write `inputs.json`; arguments as for `write_inputs`."""
    data = {
        "schema": INPUTS_SCHEMA,
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
    data = read_object(path, (INPUTS_SCHEMA,))
    try:
        figures = {str(chip): dict(given) for chip, given in data["figures"].items()}
        return build_comparison(
            [_read_system(item, f"{path}: systems") for item in data["systems"]],
            load_chips([str(name) for name in data["chips"]], figures),
            Conditions(**data["conditions"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: does not follow the schema: {error!r}") from error


def _read_system(data: Any, source: str) -> ComparedSystem:
    training, inference = (
        None if data[name] is None else EventCounts.from_json(data[name], f"{source}: {name}")
        for name in ("training", "inference")
    )
    return ComparedSystem(
        str(data["label"]),
        dict(data["provenance"]),
        training,
        inference,
        {str(place): int(number) for place, number in data["weights"].items()},
        str(data["unpriced"]),
    )


def _system(system: ComparedSystem, index: int, comparison: SystemComparison) -> dict[str, Any]:
    accuracy = system.provenance.get("accuracy")
    chips = {
        chip.name: _energy(energies[index], energies[0])
        for chip, energies in zip(comparison.chips, comparison.energies, strict=True)
    }
    counted = {"inference": system.inference, "training": system.training}
    return {
        "accuracy": accuracy,
        "weights": dict(system.weights),
        "events_per_sample": {
            name: None if counts is None else events_per_sample(counts)
            for name, counts in counted.items()
        },
        "unpriced": system.unpriced or None,
        "chips": chips,
        "provenance": dict(system.provenance),
    }


def _energy(energy: SystemEnergy, first: SystemEnergy) -> dict[str, Any]:
    return {
        "inference_j": _per_sample(energy.inference),
        "training_sample_j": _per_sample(energy.training),
        "inference_to_first": _ratio(energy.inference, first.inference),
        "training_sample_to_first": _ratio(energy.training, first.training),
        "not_modelled": sorted(
            {gap.what for e in (energy.inference, energy.training) if e for gap in e.gaps}
        ),
    }


def _per_sample(estimate: Estimate | None) -> dict[str, float] | None:
    return interval_data(None if estimate is None else estimate.per_sample)


def _ratio(one: Estimate | None, other: Estimate | None) -> dict[str, float] | None:
    return None if one is None or other is None else interval_data(energy_ratio(one, other))

"""Systems for a comparison read from energy reports, whichever of their files is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqspike.chips.supplied import SOURCE as USER
from eqspike.core.counts import FILE_SCHEMA
from eqspike.core.counts import SCHEMA as COUNTS
from eqspike.core.errors import ConfigError, EqspikeError
from eqspike.core.reading import read_json
from eqspike.energy.conditions import Conditions
from eqspike.energy.counts_file import read_counts_file
from eqspike.reports.comparison import ComparedSystem
from eqspike.reports.export import SCHEMA as REPORT
from eqspike.reports.inputs import NAME, following_schema, read_object, read_system, settings
from eqspike.reports.inputs import SCHEMA as INPUTS

FILES = (NAME, "energy.json")
"""Files of a report that hold what a comparison needs, the better one first."""


@dataclass(frozen=True)
class ReportSource:
    """One system as a report holds it.

    Attributes:
        system: the system, with the label asked for.
        chips: names or paths of the profiles it was priced with.
        figures: figures of the user, by chip.
        conditions: how the chips were operated.
    """

    system: ComparedSystem
    chips: tuple[str, ...]
    figures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)


def is_report(path: Path) -> bool:
    """Whether a path may be one of a report's files, its folder, or a file of counts."""
    return path.suffix == ".json" or any((path / name).is_file() for name in FILES)


def read_source(path: Path, label: str) -> ReportSource:
    """Read a report's folder, its `inputs.json` or its `energy.json`, or a file of counts.

    Raises:
        ConfigError: if the file follows no schema of a report or of counts, or an `energy.json` is named that was
            made with the user's figures, for it does not tell them apart.
    """
    if path.is_dir():
        path = path / NAME if (path / NAME).is_file() else path / "energy.json"
    data = read_object(path, (INPUTS, REPORT, FILE_SCHEMA, COUNTS))
    if data["schema"] in (FILE_SCHEMA, COUNTS):
        counted = read_counts_file(path)
        return ReportSource(
            ComparedSystem(
                label, counted.provenance, counted.training, counted.inference, counted.weights
            ),
            (),
        )
    with following_schema(path):
        counts = data["counts"] if data["schema"] == REPORT else data
        system = read_system(label, data, counts, str(path))
        names, figures, conditions = settings(data)
        if data["schema"] == REPORT:
            _refuse_figures(data["chips"], path)
        return ReportSource(system, names, figures, conditions)


def _refuse_figures(chips: Any, path: Path) -> None:
    """A report of figures of the user holds them in a form that cannot be read back."""
    for name, chip in chips.items():
        if USER in chip["profile"]["sources"]:
            raise ConfigError(
                f"{path}: chip '{name}' was given figures of the user; name the report's {NAME} instead, "
                "which holds them"
            )


def earlier_report(folder: Path) -> str:
    """What an earlier report in a folder is of and prices, in words; empty if there is none."""
    path = folder / NAME
    if not path.is_file():
        return ""
    try:
        data = read_json(path)
        systems = data.get("systems") or [data]
        subjects = [_subject(each.get("provenance") or {}) for each in systems]
        chips = [str(chip) for chip in data.get("chips") or ()]
    except (EqspikeError, AttributeError, TypeError):
        return "a report that cannot be read"
    return f"the report of {' and '.join(subjects)}, on {', '.join(chips) or 'no chip'}"


def _subject(provenance: Mapping[str, Any]) -> str:
    model, task = (str(provenance.get(key, "an unnamed system")) for key in ("model", "task"))
    seed = provenance.get("seed")
    return f"{model} on {task}" + ("" if seed is None else f", seed {seed}")

"""The file that `eqspike estimate --counts` reads: events counted anywhere, described in docs/counting.md.

schema `eqspike-counts-file-1`: counts of `inference`, of `training` or both, each of schema `eqspike-counts-1`; if
known `provenance`, numbers of `weights` and `spikes_per_update`. Counts alone, of schema `eqspike-counts-1`, are
those of inference.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.core.config import Section
from eqspike.core.counts import FILE_SCHEMA, SCHEMA, EventCounts, PhaseCounts
from eqspike.core.errors import ConfigError
from eqspike.core.files import write_bytes
from eqspike.core.reading import LARGEST_JSON, parse_json, read_bytes
from eqspike.energy.counts_activity import check_activity


@dataclass(frozen=True)
class CountsFile:
    """What a file holds.

    Attributes:
        inference, training: counts, or None.
        provenance: JSON data on where the counts come from, with name and SHA-256 of the file.
        weights: numbers of weights by the names under which writes are counted; empty if not given.
    """

    inference: EventCounts | None
    training: EventCounts | None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)


def read_counts_file(path: Path) -> CountsFile:
    """Read counts and refuse those that cannot be: by form, and by what the definitions imply.

    Raises:
        ConfigError: if the file cannot be read, breaks the schema, or contradicts itself; names file and key.
    """
    return _checked(read_bytes(path, LARGEST_JSON, ConfigError), path)


def _checked(content: bytes, path: Path) -> CountsFile:
    data = parse_json(content, str(path), ConfigError)
    if isinstance(data, dict) and data.get("schema") == SCHEMA:
        data = {"schema": FILE_SCHEMA, "inference": data}
    section = Section(data, str(path))
    section.choice("schema", (FILE_SCHEMA, SCHEMA))
    most = section.integer("spikes_per_update", 1, low=1)
    found = {key: _counts(section, key, path, most) for key in ("inference", "training")}
    if not any(found.values()):
        raise ConfigError(f"{path}: must hold counts under 'inference' or 'training', or both")
    provenance = section.mapping("provenance") if section.has("provenance") else {}
    if provenance.get("accuracy") is not None:
        section.section("provenance").number("accuracy", low=0, high=1)
    given = section.section("weights", {})
    section.close()
    weights = _weights(given, found["training"], path)
    origin = {"counts_file": path.name, "counts_sha256": hashlib.sha256(content).hexdigest()}
    return CountsFile(found["inference"], found["training"], {**provenance, **origin}, weights)


def write_counts_file(
    path: Path | str,
    *,
    inference: EventCounts | None = None,
    training: EventCounts | None = None,
    provenance: Mapping[str, Any] | None = None,
    weights: Mapping[str, int] | None = None,
    spikes_per_update: int = 1,
) -> Path:
    """Write counts for `eqspike estimate --counts`; arguments as the attributes of `CountsFile`.

    Args:
        spikes_per_update: most spikes that a neuron sends in one step, where a simulator lets it send several.

    Raises:
        ConfigError: without counts, or if what was written would be refused; nothing is written then.
        RunError: if the file cannot be written.
    """
    target = Path(path)
    given = {
        "provenance": _object(target, "provenance", provenance),
        "inference": _json(target, "inference", inference),
        "training": _json(target, "training", training),
        "weights": _object(target, "weights", weights),
        "spikes_per_update": None if spikes_per_update == 1 else spikes_per_update,
    }
    data = {"schema": FILE_SCHEMA, **{k: value for k, value in given.items() if value is not None}}
    try:
        text = json.dumps(data, indent=1, ensure_ascii=False, default=_number)
        content = (text + "\n").encode()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{target}: must be made of plain JSON data: {error}") from error
    _checked(content, target)
    write_bytes(target, content)
    return target


def _object(path: Path, key: str, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if given is not None and not isinstance(given, Mapping):
        raise ConfigError(f"{path}: {key} must be a mapping, got {type(given).__name__}")
    return None if given is None else dict(given)


def _json(path: Path, key: str, counts: EventCounts | None) -> dict[str, Any] | None:
    if counts is not None and not isinstance(counts, EventCounts):
        raise ConfigError(f"{path}: {key} must be EventCounts, got {type(counts).__name__}")
    return None if counts is None else counts.to_json()


def _number(value: Any) -> Any:
    """The plain form of a number of NumPy."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r} has no form in JSON")


def _counts(section: Section, key: str, path: Path, most: int) -> EventCounts | None:
    if not section.has(key):
        return None
    source = f"{path}: {key}"
    counts = EventCounts.from_json(section.mapping(key), source)
    if counts.samples < 1:
        raise ConfigError(f"{source}: samples must be at least 1, got {counts.samples}")
    check_activity(counts, source, most)
    layers = [name for phase in counts.phases.values() for name in phase.layers]
    for name, phase in counts.phases.items():
        _check_couplings(phase, layers, f"{source}: phases.{name}")
        _check_plasticity(phase, layers, f"{source}: phases.{name}.plasticity")
    return counts


def _check_couplings(phase: PhaseCounts, layers: Sequence[str], where: str) -> None:
    for name, coupling in phase.couplings.items():
        place = f"{where}.couplings.{name}"
        source, arrow, target = name.partition("->")
        if not arrow:
            raise ConfigError(f"{place}: a directed coupling must be named FROM->TO")
        for layer in (source, target):
            _check_layer(layer, layers, place)
        operations, effective = (
            coupling.synaptic_operations,
            coupling.effective_synaptic_operations,
        )
        if effective > operations:
            raise ConfigError(
                f"{place}.effective_synaptic_operations must be at most synaptic_operations, which is "
                f"{operations}, got {effective}"
            )
        if operations and not (source in phase.layers and phase.layers[source].spikes):
            raise ConfigError(
                f"{place}.synaptic_operations must be 0, for '{source}' has no spikes in this phase, got "
                f"{operations}; an operation is the delivery of a spike, and what multiplies rates or pixels is "
                "not priced"
            )


def _check_plasticity(phase: PhaseCounts, layers: Sequence[str], where: str) -> None:
    """A name in another form would not be found to be stored twice, and would be priced once."""
    for name in phase.plasticity:
        if name.endswith(".bias"):
            _check_layer(name.removesuffix(".bias"), layers, f"{where}.{name}")
        elif not any(name == f"{a}-{b}" for a in layers for b in layers):
            raise ConfigError(
                f"{where}.{name}: weights must be named A-B or A.bias, of layers among {_list(layers)}"
            )
        written = phase.plasticity[name]
        if written.applied_writes > written.candidate_writes:
            raise ConfigError(
                f"{where}.{name}.applied_writes must be at most candidate_writes, which is "
                f"{written.candidate_writes}, got {written.applied_writes}"
            )


def _check_layer(layer: str, layers: Sequence[str], place: str) -> None:
    if layer not in layers:
        close = difflib.get_close_matches(layer, layers, n=1)
        advice = f"did you mean '{close[0]}'?" if close else f"layers: {_list(layers)}"
        raise ConfigError(f"{place}: no phase has counts of a layer '{layer}'; {advice}")


def _weights(given: Section, training: EventCounts | None, path: Path) -> dict[str, int]:
    written = training.phases.values() if training is not None else ()
    places = sorted({name for phase in written for name in phase.plasticity})
    weights, names = {}, given.keys()
    for name in names:
        if name not in places:
            raise ConfigError(
                f"{path}: weights.{name}: training has no plasticity counts of that name; "
                f"it has {_list(places)}"
            )
        weights[name] = given.integer(name, low=1)
    return weights


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in dict.fromkeys(names)) or "none"

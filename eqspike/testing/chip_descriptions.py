"""A chip's description for tests, and ways to change it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eqspike.chips import ChipProfile, load_profile
from eqspike.core.yaml_text import write_yaml

Change = Callable[[dict[str, Any]], None]

FIGURE: dict[str, Any] = {
    "low": 1,
    "typical": 2.5,
    "high": 4,
    "unit": "pJ",
    "sources": ["book"],
    "confidence": "high",
    "note": "all of it",
}

BASE: dict[str, Any] = {
    "title": "A chip",
    "about": "For tests.",
    "kind": "mixed signal",
    "process_nm": 28,
    "supply_v": None,
    "energy": {
        "synaptic_operation": {**FIGURE, "includes": ["weight read"]},
        "neuron_update": {**FIGURE, "unit": "nJ"},
        "neuron_update_idle": None,
        "spike": {**FIGURE, "unit": "fJ"},
        "trace_update": None,
        "rule_evaluation": FIGURE,
        "weight_write": {"included_in": "rule_evaluation", "note": "same access"},
        "hop": None,
    },
    "power": {"static_w": {**FIGURE, "unit": "mW"}, "per_core_w": None},
    "timestep": {"mode": "clocked", "duration": {**FIGURE, "unit": "us"}},
    "weights": {
        "bits": 4,
        "signed": True,
        "stochastic_rounding": None,
        "endurance": {**FIGURE, "unit": "writes"},
        "sources": ["book"],
        "confidence": "high",
    },
    "learning": {
        "rule": "none",
        "trace_bits": None,
        "sources": ["book"],
        "confidence": "high",
    },
    "limits": {"cores": 4, "fan_in": 256, "sources": ["book"], "confidence": "low"},
    "sources": {"book": "A. Author, A Book, 2020."},
}


def load(folder: Path, data: object) -> ChipProfile:
    path = folder / "mine.yaml"
    path.write_text(write_yaml(data), encoding="utf-8")
    return load_profile(str(path))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    change(data)
    return data


def put(place: str, value: object) -> Change:
    def change(data: dict[str, Any]) -> None:
        *parents, last = place.split("/")
        for parent in parents:
            data = data[parent]
        data[last] = value

    return change


def drop(place: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        *parents, last = place.split("/")
        for parent in parents:
            data = data[parent]
        del data[last]

    return change


def both(*changes: Change) -> Change:
    def change(data: dict[str, Any]) -> None:
        for each in changes:
            each(data)

    return change


PUBLISHED: dict[str, Any] = {
    "value": 2,
    "unit": "pJ",
    "definition": "measured",
    "sources": ["book"],
    "confidence": "medium",
}

SYNAPTIC = "energy/synaptic_operation"

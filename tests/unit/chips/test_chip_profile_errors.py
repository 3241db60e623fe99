"""Every way to get a chip's description wrong is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import load_profile
from eqspike.core.errors import ConfigError
from eqspike.testing.chip_descriptions import (
    FIGURE,
    PUBLISHED,
    SYNAPTIC,
    Change,
    both,
    changed,
    drop,
    load,
    put,
)


def published(**changes: Any) -> Change:
    return put("energy/spike", {**FIGURE, "published": [{**PUBLISHED, **changes}]})


def drop_published(key: str) -> Change:
    item = {name: value for name, value in PUBLISHED.items() if name != key}
    return put("energy/spike", {**FIGURE, "published": [item]})


WRONG = {
    "low above typical": (put(f"{SYNAPTIC}/low", 3), ("synaptic_operation.typical", "between")),
    "typical above high": (put(f"{SYNAPTIC}/typical", 5), ("synaptic_operation.typical", "5")),
    "zero": (put(f"{SYNAPTIC}/low", 0), ("synaptic_operation.low", "above 0")),
    "negative": (put("energy/spike/low", -1), ("energy.spike.low", "above 0", "-1")),
    "infinite": (put("energy/spike/high", float("inf")), ("energy.spike.high", "finite")),
    "not a number": (put("energy/spike/high", "lots"), ("energy.spike.high", "lots")),
    "unit of another dimension": (put("energy/spike/unit", "mW"), ("energy.spike.unit", "pJ")),
    "energy as power": (put("power/static_w/unit", "pJ"), ("power.static_w.unit", "mW")),
    "unknown source": (
        put("energy/spike/sources", ["bok"]),
        ("energy.spike.sources", "'bok' is not", "did you mean 'book'?"),
    ),
    "no source": (put("energy/spike/sources", []), ("energy.spike.sources", "one or more")),
    "source as one text": (put("energy/spike/sources", "book"), ("energy.spike.sources", "list")),
    "source left out": (
        drop("energy/spike/sources"),
        ("energy.spike.sources", "required and missing"),
    ),
    "confidence": (put("energy/spike/confidence", "sure"), ("energy.spike.confidence", "medium")),
    "figure left out": (drop("energy/hop"), ("energy.hop", "explicit null", "got nothing")),
    "power left out": (drop("power/per_core_w"), ("power.per_core_w", "explicit null")),
    "includes left out": (drop(f"{SYNAPTIC}/includes"), ("synaptic_operation.includes",)),
    "includes empty": (put(f"{SYNAPTIC}/includes", []), ("synaptic_operation.includes",)),
    "includes blank": (put(f"{SYNAPTIC}/includes", [" "]), ("synaptic_operation.includes",)),
    "includes elsewhere": (put("energy/spike/includes", ["x"]), ("spike.includes", "not a known")),
    "unknown event": (put("energy/spikes", None), ("energy.spikes", "did you mean 'spike'?")),
    "unknown key": (put("tytle", "x"), ("tytle", "did you mean 'title'?")),
    "unknown limit": (put("limits/core", 4), ("limits.core", "did you mean 'cores'?")),
    "limit of zero": (put("limits/cores", 0), ("limits.cores", "at least 1")),
    "limits without source": (drop("limits/sources"), ("limits.sources",)),
    "weights without confidence": (drop("weights/confidence"), ("weights.confidence",)),
    "unknown kind": (put("kind", "quantum"), ("kind", "mixed signal")),
    "included in itself": (
        put("energy/spike", {"included_in": "spike"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included in an unknown": (
        put("energy/spike", {"included_in": "trace_update"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included in a chain": (
        put("energy/spike", {"included_in": "weight_write"}),
        ("energy.spike", "included in an event with a figure"),
    ),
    "included and priced": (
        put("energy/spike", {**FIGURE, "included_in": "rule_evaluation"}),
        ("energy.spike.low", "not a known key"),
    ),
    "synaptic operation included": (
        put(SYNAPTIC, {"included_in": "spike"}),
        ("energy.synaptic_operation", "a figure or null"),
    ),
    "static power included": (
        put("power/static_w", {"included_in": "spike"}),
        ("power.static_w", "a figure, null, or included in synaptic_operation"),
    ),
    "static power in an unknown": (
        both(put("power/static_w", {"included_in": "synaptic_operation"}), put(SYNAPTIC, None)),
        ("power.static_w", "with a figure there"),
    ),
    "power per core in a chain": (
        both(
            put("power/static_w", {"included_in": "synaptic_operation"}),
            put("power/per_core_w", {"included_in": "static_w"}),
        ),
        ("power.per_core_w", "with a figure there"),
    ),
    "event in an unknown static power": (
        both(put("power/static_w", None), put("energy/spike", {"included_in": "static_w"})),
        ("energy.spike", "included in an event with a figure"),
    ),
    "idle above active": (
        put("energy/neuron_update_idle", {**FIGURE, "unit": "nJ", "high": 5}),
        ("energy.neuron_update_idle", "at most neuron_update"),
    ),
    "idle without active": (
        both(put("energy/neuron_update", None), put("energy/neuron_update_idle", FIGURE)),
        ("energy.neuron_update_idle", "null unless neuron_update"),
    ),
    "idle included": (
        put("energy/neuron_update_idle", {"included_in": "spike"}),
        ("energy.neuron_update_idle", "null unless neuron_update"),
    ),
    "published outside the interval": (
        published(value=5),
        ("energy.spike.published[0].value", "set aside", "widen the interval"),
    ),
    "published inside but set aside": (
        published(set_aside="no reason"),
        ("energy.spike.published[0].set_aside", "left out"),
    ),
    "published of another dimension": (
        published(unit="mW"),
        ("energy.spike.published[0].unit", "pJ"),
    ),
    "published without a definition": (
        drop_published("definition"),
        ("energy.spike.published[0].definition", "required"),
    ),
    "published from nowhere": (
        published(sources=["bok"]),
        ("energy.spike.published[0].sources", "did you mean 'book'?"),
    ),
    "published with an unknown key": (
        published(not_e="x"),
        ("energy.spike.published[0].not_e", "not a known key"),
    ),
    "published is no list": (
        put("energy/spike/published", {"value": 1}),
        ("energy.spike.published", "list"),
    ),
    "endurance in joules": (
        put("weights/endurance/unit", "pJ"),
        ("weights.endurance.unit", "writes"),
    ),
    "endurance left out": (drop("weights/endurance"), ("weights.endurance", "explicit null")),
    "power per core in an event": (
        put("power/per_core_w", {"included_in": "spike"}),
        ("power.per_core_w", "static_w"),
    ),
    "energy is a list": (put("energy", []), ("energy", "mapping")),
    "missing title": (drop("title"), (": title", "required")),
    "missing section": (drop("weights"), (": weights", "required")),
    "missing low": (drop("energy/spike/low"), ("energy.spike.low", "required")),
    "missing unit": (drop("energy/spike/unit"), ("energy.spike.unit", "required")),
    "missing mode": (drop("timestep/mode"), ("timestep.mode",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, case: str) -> None:
    change, expected = WRONG[case]
    with pytest.raises(ConfigError) as error:
        load(tmp_path, changed(change))
    for text in ("mine.yaml", *expected):
        assert text in str(error.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_profile(str(tmp_path / "absent.yaml"))

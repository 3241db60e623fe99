"""How spikes are shared out among neurons: no neuron is lost, and equal spikes are in the same bin."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.activity import BINS, LayerActivity, activity_json, read_activity
from eqspike.core.errors import ConfigError


def test_a_histogram_by_hand() -> None:
    """Edges belong to the bin below them."""
    spikes = np.array([0, 0, 1, 20, 21, 200, 400, 400], np.int64)
    activity = LayerActivity.of(spikes, 10)
    assert activity.silent == 2
    assert activity.largest == 40.0
    expected = [0] * BINS
    expected[0], expected[1], expected[9], expected[19] = 2, 1, 1, 2
    assert activity.neurons == tuple(expected)


def test_a_silent_layer() -> None:
    activity = LayerActivity.of(np.zeros(3, np.int64), 5)
    assert activity == LayerActivity(3, 0.0, (0,) * BINS)
    assert activity.size == 3


@given(st.lists(st.integers(0, 10**12), max_size=50), st.integers(1, 10**6))
def test_no_neuron_is_lost(spikes: list[int], samples: int) -> None:
    """Bins hold what lies between their edges."""
    activity = LayerActivity.of(np.array(spikes, np.int64), samples)
    assert activity.size == len(spikes)
    assert activity.silent == spikes.count(0)
    most = max(spikes, default=0)
    for i, number in enumerate(activity.neurons):
        inside = [n for n in spikes if n and i * most < n * BINS <= (i + 1) * most]
        assert number == len(inside)


def test_json_comes_back() -> None:
    layers = {"hidden": LayerActivity.of(np.array([1, 5, 0]), 2)}
    data = json.loads(json.dumps(activity_json(layers)))
    assert read_activity(data, "file") == layers


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"schema": "eqspike-counts-1"},
        {"schema": "eqspike-activity-1"},
        {"schema": "eqspike-activity-1", "layers": {"a": {}}},
        {"schema": "eqspike-activity-1", "layers": {"a": {"silent": 0, "largest": 1, "neurons": []}}},
        {"schema": "eqspike-activity-1", "layers": {"a": {"silent": -1, "largest": 1, "neurons": [1]}}},
        {
            "schema": "eqspike-activity-1",
            "layers": {"a": {"silent": 0, "largest": float("nan"), "neurons": [1]}},
        },
    ],
)  # fmt: skip
def test_wrong_data_are_refused(data: Any) -> None:
    with pytest.raises(ConfigError, match="file"):
        read_activity(data, "file")

"""The firing rates that the neuron models promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.neurons import CurrentBased, Neuron, SigmaDelta
from eqspike.core.neurons.registry import NEURONS, read_neuron
from eqspike.testing import present, small_system


def spikes_of_constant_drive(neuron: Neuron, drive: float, steps: int) -> NDArray[np.float64]:
    """Spike train of one neuron that gets nothing but its bias."""
    system = small_system((1, 1, 1), neuron)
    rule = replace(system.rule, free_steps=steps, readout_steps=1)
    weights = {
        "input-hidden": np.zeros((1, 1)),
        "hidden-output": np.zeros((1, 1)),
        "hidden.bias": np.array([drive]),
        "output.bias": np.zeros(1),
    }
    seen = present(
        replace(system, rule=rule), weights, np.zeros(1, np.uint8), 0, 1.0, 0, learn=False
    )
    return seen.raster["hidden"][:, 0]


@settings(max_examples=50)
@given(drive=st.floats(-0.5, 1.5), start=st.floats(0, 0.99))
def test_sigma_delta_fires_at_the_clipped_drive(drive: float, start: float) -> None:
    """Without filters the rate is clip(drive, 0, 1), missed by less than one spike over any time."""
    train = spikes_of_constant_drive(SigmaDelta(1.0, 1.0, start), drive, 80)
    expected = np.clip(drive, 0, 1) * np.arange(1, 81)
    assert (abs(np.cumsum(train) - expected) <= 1).all()


def test_sigma_delta_filters_only_delay() -> None:
    """The rate of the settled neuron is the drive, whatever the filters."""
    train = spikes_of_constant_drive(SigmaDelta(0.2, 0.3, 0.5), 0.37, 1000)
    assert abs(train[100:].sum() - 0.37 * 900) < 1


@pytest.mark.parametrize(
    ("neuron", "drive", "period"),
    [
        (CurrentBased(0.2, 0.0, 1.0), 0.3, 4),
        (CurrentBased(0.2, 0.0, 1.0), 0.5, 3),
        (CurrentBased(0.2, 1.0, 1.0), 1.1, 1),
        (CurrentBased(0.2, 0.5, 1.0), 0.6, 3),
    ],
)
def test_current_based_counts_up_to_the_threshold(
    neuron: CurrentBased, drive: float, period: int
) -> None:
    """It spikes when the leaky sum exceeds (not reaches) the threshold, then starts from zero."""
    expected = [(step + 1) % period == 0 for step in range(12)]
    assert spikes_of_constant_drive(neuron, drive, 12).tolist() == expected


def test_current_based_leak_can_silence() -> None:
    """A drive of less than leak x threshold never gets there."""
    assert not spikes_of_constant_drive(CurrentBased(0.2, 0.5, 1.0), 0.49, 200).any()


@pytest.mark.parametrize("kind", ["sigma-delta", "current-based"])
def test_defaults_are_those_of_the_class(kind: str) -> None:
    """A description need only name the kind."""
    assert read_neuron(Section({"kind": kind}, "mine.yaml")) == NEURONS[kind]()


def test_parameters_are_read() -> None:
    """Each into its place."""
    data = {"kind": "current-based", "current_decay": 0.1, "voltage_decay": 0.3, "threshold": 2}
    assert read_neuron(Section(data, "mine.yaml")) == CurrentBased(0.1, 0.3, 2.0)
    data = {
        "kind": "sigma-delta",
        "synaptic_filter": 0.1,
        "relaxation": 0.2,
        "initial_potential": 0,
    }
    assert read_neuron(Section(data, "mine.yaml")) == SigmaDelta(0.1, 0.2, 0.0)


def test_parameters_of_the_other_kind_are_refused() -> None:
    """They would be without effect."""
    data = {"kind": "sigma-delta", "threshold": 2}
    with pytest.raises(ConfigError, match="threshold is not a known key"):
        read_neuron(Section(data, "mine.yaml"))

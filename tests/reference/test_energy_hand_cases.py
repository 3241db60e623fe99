"""Energies worked out by hand, from published figures and from the literature's conventions."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.chips import load_profile
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Interval
from eqspike.energy import Estimate, estimate

CHIPS = Path(__file__).resolve().parents[2] / "chips"


def on(chip: str, counts: EventCounts) -> Estimate:
    return estimate(counts, load_profile(str(CHIPS / f"{chip}.yaml")))


def about(low: float, typical: float, high: float) -> Interval:
    return Interval(
        pytest.approx(low, rel=1e-12),  # type: ignore[arg-type]
        pytest.approx(typical, rel=1e-12),  # type: ignore[arg-type]
        pytest.approx(high, rel=1e-12),  # type: ignore[arg-type]
    )


@pytest.fixture
def digit() -> EventCounts:
    """One sample through 784-100-10 in 120 free steps: 102 input and 30 hidden spikes a step."""
    return EventCounts(
        1,
        {
            "free": PhaseCounts(
                120,
                {
                    "input": LayerCounts(spikes=12_240),
                    "hidden": LayerCounts(spikes=3_600, neuron_updates=12_000),
                    "output": LayerCounts(spikes=96, neuron_updates=1_200),
                },
                {
                    "input->hidden": CouplingCounts(1_224_000, 1_224_000),
                    "hidden->output": CouplingCounts(36_000, 36_000),
                    "output->hidden": CouplingCounts(9_600, 9_600),
                },
            )
        },
    )


def test_loihi_inference(digit: EventCounts) -> None:
    result = on("loihi1", digit)
    # 1 269 600 synaptic operations x 23.6 pJ, and x 35.5 pJ
    assert result.energy(category="synaptic operations") == about(
        29.96256e-6, 29.96256e-6, 45.0708e-6
    )
    # 13 200 neuron updates x 51.2 pJ, and x 81 pJ
    assert result.energy(category="neuron updates") == about(675.84e-9, 1069.2e-9, 1069.2e-9)
    # 15 936 spikes x 1.7 pJ, x 69.3 pJ, x 180.3 pJ
    assert result.energy(category="spikes") == about(27.0912e-9, 1104.3648e-9, 2873.2608e-9)
    assert result.per_sample == about(30.6654912e-6, 32.1361248e-6, 49.0132608e-6)


def test_odin_prices_synaptic_operations_alone(digit: EventCounts) -> None:
    result = on("odin", digit)
    # 1 269 600 x 8.43 pJ, x 12.7 pJ, x 54 pJ
    assert result.per_sample == about(10.702728e-6, 16.12392e-6, 68.5584e-6)
    missing = {gap.what: gap.count for gap in result.gaps}
    assert missing["neuron updates"] == 13_200
    assert missing["spikes"] == 15_936


@pytest.mark.parametrize(
    ("chip", "convention", "with_weight"),
    [("generic-45nm-fp32", 0.9e-12, 10.9e-12), ("generic-45nm-int8", 0.03e-12, 2.53e-12)],
)
def test_low_end_is_the_convention_of_the_literature(
    digit: EventCounts, chip: str, convention: float, with_weight: float
) -> None:
    """Many papers state accumulations x 0.9 pJ (32-bit) or x 0.03 pJ (8-bit) and nothing else."""
    synaptic = on(chip, digit).energy(category="synaptic operations")
    assert synaptic is not None
    assert synaptic.low == pytest.approx(1_269_600 * convention, rel=1e-12)
    assert synaptic.typical == pytest.approx(1_269_600 * with_weight, rel=1e-12)


def test_neuron_updates_can_outweigh_synaptic_operations() -> None:
    """100 neurons x 100 steps x 81 pJ = 0.81 uJ; 100 spikes x 100 synapses x 23.6 pJ = 0.236 uJ."""
    counts = EventCounts(
        1,
        {
            "free": PhaseCounts(
                100,
                {"hidden": LayerCounts(neuron_updates=10_000)},
                {"input->hidden": CouplingCounts(10_000, 10_000)},
            )
        },
    )
    result = on("loihi1", counts)
    updates, operations = (
        result.energy(category=name) for name in ("neuron updates", "synaptic operations")
    )
    assert updates is not None
    assert operations is not None
    assert updates.typical == pytest.approx(0.81e-6, rel=1e-12)
    assert operations.typical == pytest.approx(0.236e-6, rel=1e-12)


def test_learning_at_a_weight_stored_twice() -> None:
    """50 rule evaluations: one way 50 x 120 pJ = 6 nJ; both ways 12 nJ, the writes contained."""
    for directions, expected in (
        (("hidden->output",), 6e-9),
        (("hidden->output", "output->hidden"), 12e-9),
    ):
        counts = EventCounts(
            1,
            {
                "nudged": PhaseCounts(
                    1,
                    {},
                    {name: CouplingCounts() for name in directions},
                    {"hidden-output": PlasticityCounts(50, 30, 20)},
                )
            },
        )
        result = on("loihi1", counts)
        assert result.total == about(expected, expected, expected)
        assert "weight writes" not in {gap.what for gap in result.gaps}
        assert result.warnings, "a total of recalled figures must warn"

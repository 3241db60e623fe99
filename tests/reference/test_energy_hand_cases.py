"""Energies worked out by hand, from published figures and from the literature's conventions."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.chips import ChipProfile, load_profile, with_figures
from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.quantities import Interval, Quantity
from eqspike.energy import Conditions, Estimate, estimate, swings, wear

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
def test_memory_is_what_the_convention_of_the_literature_leaves_out(
    digit: EventCounts, chip: str, convention: float, with_weight: float
) -> None:
    """Many papers state accumulations x 0.9 pJ (32-bit) or x 0.03 pJ (8-bit) and nothing else."""
    alone = on(f"{chip}-arithmetic", digit).energy(category="synaptic operations")
    fetched = on(chip, digit).energy(category="synaptic operations")
    assert alone == about(*(3 * [1_269_600 * convention]))
    assert fetched is not None
    assert fetched.typical == pytest.approx(1_269_600 * with_weight, rel=1e-12)


# Horowitz 2014, pJ: addition, multiplication; a memory's read of 8 bytes by its size.
ADD, MULTIPLY = {"fp32": 0.9, "int8": 0.03}, {"fp32": 3.7, "int8": 0.2}
READ_8_BYTES = {"8 kB": 10.0, "32 kB": 20.0, "1 MB": 100.0}


@pytest.mark.parametrize(("kind", "size"), [("fp32", 4), ("int8", 1)])
def test_generic_profiles_follow_from_the_table_of_operations(kind: str, size: int) -> None:
    """Each figure is operations plus bytes x joules per byte, as its note says."""
    add, multiply = ADD[kind], MULTIPLY[kind]
    small, middle, large = (size * READ_8_BYTES[name] / 8 for name in ("8 kB", "32 kB", "1 MB"))
    potential = 2 if kind == "int8" else 1  # a membrane potential has at least two bytes
    trace_high = 2 if kind == "int8" else 1
    update, product = multiply + 2 * add, multiply + add
    memory = {
        "synaptic_operation": (add + small, add + middle, add + large),
        "neuron_update": tuple(update + 2 * potential * each for each in (small, middle, middle)),
        "trace_update": (
            product + 2 * small,
            product + 2 * middle,
            product + 2 * trace_high * middle,
        ),
        "rule_evaluation": (product + 2 * small, product + 2 * middle, product + middle + large),
        "weight_write": (small, middle, large),
    }
    arithmetic = {
        "synaptic_operation": add,
        "neuron_update": update,
        "trace_update": product,
        "rule_evaluation": product,
    }
    fetched, alone = (
        load_profile(str(CHIPS / f"generic-45nm-{kind}{end}.yaml")) for end in ("", "-arithmetic")
    )
    for event, (low, typical, high) in memory.items():
        assert figure(fetched, event) == about(low * 1e-12, typical * 1e-12, high * 1e-12), event
    for event, amount in arithmetic.items():
        assert figure(alone, event) == about(*(3 * [amount * 1e-12])), event
    assert alone.energy["weight_write"] is None


@pytest.mark.parametrize(
    ("chip", "watts", "fp32", "tensor"),
    [
        ("v100", 300, 15.7e12, 125e12),
        ("a100", 400, 19.5e12, 312e12),
        ("h100", 700, 66.9e12, 989e12),
    ],
)
def test_references_are_rated_power_over_peak_rate(
    chip: str, watts: float, fp32: float, tensor: float
) -> None:
    """A multiply-accumulate is two floating-point operations: joules = 2 x watts / rate."""
    found = figure(load_profile(str(CHIPS / f"{chip}.yaml")), "synaptic_operation")
    assert found.low == pytest.approx(2 * watts / tensor, rel=5e-3)
    assert found.typical == found.high == pytest.approx(2 * watts / fp32, rel=5e-3)


def test_truenorth_is_marginal_energy_plus_static_power(digit: EventCounts) -> None:
    """Two published points of one sweep, 68 mW at 11.58 Hz and 94 mW at 95.93 Hz, give slope and intercept."""
    slope = 26e-3 / 84.35
    operation, idle = slope / (2**20 * 128), 68e-3 - 11.58 * slope
    result = on("truenorth", digit)
    operations = result.energy(category="synaptic operations")
    assert operations is not None
    assert operations.typical == pytest.approx(1_269_600 * operation, rel=5e-3)
    assert result.static["free"].typical == pytest.approx(120 * 1e-3 * idle, rel=5e-3)
    assert result.gaps == ()
    # Its famous 26 pJ are this total at the chip's own benchmark: 20 Hz, all neurons, 128 synapses.
    benchmark = 20.07 * 2**20 * 128
    assert operation + idle / benchmark == pytest.approx(26e-12, rel=0.03)


def figure(chip: ChipProfile, event: str) -> Interval:
    found = chip.energy[event]
    assert isinstance(found, Quantity)
    return found.interval


def test_static_power_can_be_all_that_counts() -> None:
    """50 mW over 100 ms is 5 mJ, thousands of times 100 000 synaptic operations of 23.6 pJ = 2.36 uJ."""
    counts = EventCounts(1, {"free": PhaseCounts(100, {}, {"a->b": CouplingCounts(100_000)})})
    chip = with_figures(load_profile("loihi1"), {"static_w": "50mW", "step_s": "1ms"})
    result = estimate(counts, chip)
    assert result.static["free"].typical == pytest.approx(5e-3, rel=1e-12)
    assert result.dynamic is not None
    assert result.dynamic.typical == pytest.approx(2.36e-6, rel=1e-12)
    assert result.latency == about(0.1, 0.1, 0.1)
    # 5 mJ against 2.36 uJ of which a synaptic operation can move 100 000 x (35.5 - 23.6) pJ = 1.19 uJ
    only = swings(counts, chip)
    assert [swing.figure for swing in only] == ["synaptic operation"]
    assert only[0].change == pytest.approx(1.19e-6, rel=1e-9)


def test_active_and_idle_neurons(digit: EventCounts) -> None:
    """13 200 updates, a quarter active: 3 300 x 81 pJ + 9 900 x 52 pJ = 782.1 nJ."""
    chip = load_profile("loihi1")
    quarter = estimate(digit, chip, Conditions(active_share=0.25))
    # 3 300 x 72.8 pJ + 9 900 x 51.2 pJ = 747.12 nJ
    assert quarter.energy(category="neuron updates") == about(747.12e-9, 782.1e-9, 782.1e-9)


def test_hops_of_a_mapped_network(digit: EventCounts) -> None:
    """12 240 spikes over 3 tile boundaries and 3 600 over 0.5: 38 520 hops x 3.0, 3.5, 4.2 pJ."""
    mapped = Conditions(hops_per_spike={"input": 3.0, "hidden": 0.5})
    result = estimate(digit, load_profile("loihi1"), mapped)
    assert result.energy(category="hops") == about(115.56e-9, 134.82e-9, 161.784e-9)


def test_power_of_the_cores_in_use() -> None:
    """4 cores of 2 mW and 10 mW for the chip, 120 steps of 50 us: 18 mW x 6 ms = 108 uJ."""
    counts = EventCounts(1, {"free": PhaseCounts(120)})
    chip = with_figures(load_profile("seneca"), {"static_w": "10mW", "per_core_w": "2mW"})
    result = estimate(counts, chip, Conditions(step_time_s=50e-6, cores=4))
    assert result.total == about(108e-6, 108e-6, 108e-6)


def test_years_until_weights_wear_out() -> None:
    """78 400 weights share 7 840 000 writes in 1 000 samples: 0.1 writes each and sample.

    A memory of 10^9 writes lasts 10^10 samples: at 10 samples a second 10^9 s = 31.688 years.
    """
    counts = EventCounts(
        1000,
        {
            "nudged": PhaseCounts(plasticity={"a-b": PlasticityCounts(0, 9_000_000, 7_000_000)}),
            "update": PhaseCounts(plasticity={"a-b": PlasticityCounts(0, 9_000_000, 840_000)}),
        },
    )
    (found,) = wear(counts, load_profile("memristor-2t2r"), {"a-b": 78_400, "b-c": 10})
    assert found.writes == pytest.approx(0.1, rel=1e-12)
    assert found.samples == about(1e7, 1e10, 1e13)
    assert found.years(10.0).typical == pytest.approx(31.688, rel=1e-4)


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


def test_a_total_of_recalled_figures_warns(digit: EventCounts) -> None:
    """All figures of DYNAP-SE are recalled; those of Loihi were read."""
    assert "100" in on("dynap-se", digit).warnings[0]
    assert on("loihi1", digit).warnings == ()

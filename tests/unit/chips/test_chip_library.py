"""The shipped profiles: what each holds, where it came from, and what it must not claim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eqspike.chips import ChipProfile, coverage, load_profile
from eqspike.chips.coverage import COLUMNS
from eqspike.core.quantities import Quantity

CHIPS = Path(__file__).resolve().parents[3] / "chips"
SHIPPED = sorted(CHIPS.glob("*.yaml"))


def shipped(name: str) -> ChipProfile:
    return load_profile(str(CHIPS / f"{name}.yaml"))


def quantities(chip: ChipProfile) -> dict[str, Quantity]:
    """All figures by name."""
    figures = {
        **chip.energy,
        "static_w": chip.static,
        "per_core_w": chip.per_core,
        "duration": chip.timestep.duration,
        "endurance": chip.weights.endurance,
    }
    return {name: figure for name, figure in figures.items() if isinstance(figure, Quantity)}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_figure_says_what_it_is(path: Path) -> None:
    chip = load_profile(str(path))
    for name, figure in quantities(chip).items():
        assert figure.note, f"{name} says nothing about what it includes"
        if name in chip.energy:
            # A slip of unit (nJ for pJ in a digital event) would leave this range.
            assert 1e-15 <= figure.low <= figure.high <= 1e-7, name
    assert path.read_text(encoding="utf-8").startswith("# "), "the first line cites the source"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_recalled_and_inferred_figures_are_of_low_confidence(path: Path) -> None:
    """Nothing that was not read anywhere is shipped as a fact, and nothing is called so without a reason."""
    for name, figure in quantities(load_profile(str(path))).items():
        if re.search(r"[Rr]ecalled|Inferred", figure.note):
            assert figure.confidence == "low", name
        for item in figure.published:
            if "recalled" in item.definition:
                assert item.confidence == "low", name


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_source_is_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    cited = {key for keys in re.findall(r"sources: \[([^\]]*)\]", text) for key in keys.split(", ")}
    assert cited == set(load_profile(str(path)).sources)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_high_confidence_needs_a_source_read_in_full(path: Path) -> None:
    """`high` means read in a primary source: figures read second-hand say so in the list of sources."""
    chip = load_profile(str(path))
    for name, figure in quantities(chip).items():
        texts = [chip.sources[key] for key in figure.sources]
        if figure.confidence == "high":
            assert not any("secondary" in text or "recalled" in text for text in texts), name


def test_loihi_2_prices_nothing_by_itself() -> None:
    """No energy per operation is public: the profile must stay empty."""
    chip = shipped("loihi2")
    assert quantities(chip) == {}
    assert "No energy per operation is public" in chip.about


@pytest.mark.parametrize(
    ("chip", "values"),
    [
        ("truenorth", [2.5, 21.7, 26.0]),
        ("spinnaker", [45.0, 13_300.0]),
        ("spinnaker2", [10.0, 450.0]),
        ("odin", [8.43, 12.7, 54.0]),
    ],
)
def test_known_conflicts_are_shown(chip: str, values: list[float]) -> None:
    """Values in pJ, smallest first."""
    figure = shipped(chip).energy["synaptic_operation"]
    assert isinstance(figure, Quantity)
    found = sorted(item.value * 1e12 for item in figure.published)
    assert found == pytest.approx(values)
    assert figure.disagreement == pytest.approx(values[-1] / values[0])


def test_processors_are_the_only_references() -> None:
    chips = [load_profile(str(path)) for path in SHIPPED]
    references = {chip.name for chip in chips if chip.reference}
    assert references == {chip.name for chip in chips if chip.kind == "processor"}
    assert {"v100", "a100", "h100", "cpu-i7-4960x"} <= references


def test_coverage_tells_confidence_inclusion_and_absence() -> None:
    loihi, truenorth = coverage(shipped("loihi1")), coverage(shipped("truenorth"))
    assert tuple(loihi) == COLUMNS
    assert (loihi["synaptic_operation"], loihi["weight_write"]) == ("medium", "included")
    assert (loihi["trace_update"], loihi["step_time"]) == ("unknown", "unknown")
    assert (truenorth["neuron_update"], truenorth["step_time"]) == ("included", "medium")
    assert coverage(shipped("pcm"))["endurance"] == "low"

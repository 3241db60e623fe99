"""Stored inputs give the stored reports again, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.chips import load_profile
from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ConfigError
from eqspike.reports import build_report, write_report
from eqspike.reports.inputs import read_inputs, write_inputs
from eqspike.reports.regenerate import regenerate, write_again

REPORTS = Path(__file__).resolve().parents[3] / "energy_reports"
COUNTS = EventCounts(
    2,
    {
        "free": PhaseCounts(
            20, {"hidden": LayerCounts(5, 60)}, {"input->hidden": CouplingCounts(30, 29)}
        )
    },
)


def test_a_report_is_made_again_from_its_inputs(tmp_path: Path) -> None:
    """Deleting the report and regenerating it gives the same bytes."""
    out = tmp_path / "one"
    report = build_report(
        chips=[load_profile("loihi1")], provenance={"model": "m"}, inference=COUNTS
    )
    paths = write_report(report, out)
    write_inputs(report, ("loihi1",), out)
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    assert regenerate(tmp_path) == [out]
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(
    "folder", [path.parent for path in sorted(REPORTS.glob("*/inputs.json"))], ids=lambda p: p.name
)
def test_the_reports_of_this_project_follow_from_their_inputs(folder: Path, tmp_path: Path) -> None:
    """What `make reports` writes is what is there."""
    for path in write_again(folder, tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "eqspike-energy-inputs-1"}'])
def test_wrong_inputs_are_refused(tmp_path: Path, text: str) -> None:
    """The file is named."""
    (tmp_path / "inputs.json").write_text(text)
    with pytest.raises(ConfigError, match=r"inputs\.json"):
        read_inputs(tmp_path)

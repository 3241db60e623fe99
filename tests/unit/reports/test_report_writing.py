"""Building and writing a report: what is refused, and the same bytes from the same inputs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from eqspike.chips import ChipProfile
from eqspike.core.counts import (
    EventCounts,
)
from eqspike.core.errors import ConfigError, MissingPackageError, RunError
from eqspike.reports import EnergyReport, build_report, write_report

MakeChip = Callable[..., ChipProfile]


class TestRefusals:
    @pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
    def test_impossible_rate_of_training(
        self, rate: float, make_chip: MakeChip, inference: EventCounts
    ) -> None:
        with pytest.raises(ConfigError, match="rate of training"):
            build_report(
                chips=[make_chip()], provenance={}, inference=inference, samples_per_second=rate
            )

    def test_no_chip(self, inference: EventCounts) -> None:
        with pytest.raises(ConfigError, match="at least one chip"):
            build_report(chips=[], provenance={}, inference=inference)

    def test_chip_given_twice(self, make_chip: MakeChip, inference: EventCounts) -> None:
        with pytest.raises(ConfigError, match="'toy' is given 2 times"):
            build_report(chips=[make_chip(), make_chip()], provenance={}, inference=inference)

    def test_no_counts(self, make_chip: MakeChip) -> None:
        with pytest.raises(ConfigError, match="neither"):
            build_report(chips=[make_chip()], provenance={})

    def test_learning_in_inference(self, make_chip: MakeChip, training: EventCounts) -> None:
        with pytest.raises(ConfigError, match="phase 'nudged'"):
            build_report(chips=[make_chip()], provenance={}, inference=training)

    @pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
    def test_provenance_that_is_no_json(
        self, value: object, make_chip: MakeChip, inference: EventCounts
    ) -> None:
        with pytest.raises(ConfigError, match="provenance"):
            build_report(chips=[make_chip()], provenance={"x": value}, inference=inference)

    @pytest.mark.parametrize("accuracy", [97.6, -0.1, True, "high"])
    def test_accuracy_that_is_no_fraction(
        self, accuracy: object, make_chip: MakeChip, inference: EventCounts
    ) -> None:
        with pytest.raises(ConfigError, match="fraction"):
            build_report(
                chips=[make_chip()], provenance={"accuracy": accuracy}, inference=inference
            )

    def test_folder_that_cannot_be(self, report: EnergyReport, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("here first")
        with pytest.raises(RunError, match="file"):
            write_report(report, tmp_path / "file" / "reports")

    def test_without_jinja2(
        self, report: EnergyReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "jinja2", None)
        with pytest.raises(MissingPackageError, match="jinja2"):
            write_report(report, tmp_path)


@pytest.mark.parametrize("largest", ["energy.html", "energy.json", "energy.md", "energy.csv"])
def test_a_full_disk_leaves_the_old_report(
    report: EnergyReport,
    make_chip: MakeChip,
    inference: EventCounts,
    tmp_path: Path,
    files_of_at_most: Callable[[int], AbstractContextManager[None]],
    largest: str,
) -> None:
    """The table for spreadsheets, too, whether it could have been written or not."""
    write_report(report, tmp_path)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = build_report(chips=[make_chip("another")], provenance={}, inference=inference)
    write_report(other, tmp_path / "whole")
    size = (tmp_path / "whole" / largest).stat().st_size - 1
    with files_of_at_most(size), pytest.raises(RunError, match="cannot be written"):
        write_report(other, tmp_path)
    shutil.rmtree(tmp_path / "whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old
    assert "energy.csv" in old


class TestStability:
    def test_equal_inputs_give_equal_bytes(self, report: EnergyReport, tmp_path: Path) -> None:
        first = [path.read_bytes() for path in write_report(report, tmp_path / "a")]
        second = [path.read_bytes() for path in write_report(report, tmp_path / "b")]
        assert first == second
        assert write_report(report, tmp_path / "a")[0].read_bytes() == first[0]

    def test_bytes_do_not_depend_on_the_process(self, tmp_path: Path) -> None:
        code = (
            "import sys; from eqspike.chips import load_profile; from eqspike.reports import *\n"
            "from eqspike.core.counts import *\n"
            "names = [f'layer{i}' for i in range(9)]\n"
            "couplings = {f'{a}->{b}': CouplingCounts(3, 2) for a in names for b in names}\n"
            "weights = {f'{a}-{b}': PlasticityCounts(1, 1, 1) for a in names for b in names}\n"
            "counts = EventCounts(7, {'nudged': PhaseCounts(1, {}, couplings, weights)})\n"
            "chip = load_profile(sys.argv[1])\n"
            "report = build_report(chips=[chip], provenance={}, training=counts)\n"
            "write_report(report, sys.argv[2])\n"
        )
        root = Path(__file__).resolve().parents[3]
        for seed in ("1", "2"):
            subprocess.run(
                [sys.executable, "-c", code, str(root / "chips" / "loihi1.yaml"), tmp_path / seed],
                check=True,
                cwd=root,
                env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            )
        for name in ("energy.json", "energy.md", "energy.html", "energy.csv"):
            assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()

    def test_provenance_is_copied(self, make_chip: MakeChip, inference: EventCounts) -> None:
        given: dict[str, Any] = {"versions": {"numpy": "2.0"}}
        report = build_report(chips=[make_chip()], provenance=given, inference=inference)
        given["versions"]["numpy"] = "3.0"
        assert report.provenance["versions"]["numpy"] == "2.0"

    def test_import_needs_no_template_engine(self) -> None:
        code = "import sys, eqspike.energy, eqspike.chips; sys.exit('jinja2' in sys.modules)"
        root = Path(__file__).resolve().parents[3]
        subprocess.run([sys.executable, "-c", code], check=True, cwd=root)

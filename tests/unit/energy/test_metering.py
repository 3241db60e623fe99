"""Counters of a machine, from files that look like RAPL's."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from eqspike.energy.metering import Rapl, find_meters, total


def package(root: Path, number: int, microjoules: int, *, largest: int = 1_000_000) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"package-{number}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{largest}\n")
    return folder


def test_rapl_counts_on_when_the_counter_overflows(tmp_path: Path) -> None:
    meter = Rapl(package(tmp_path, 0, 900_000))
    first = meter.joules()
    (meter.folder / "energy_uj").write_text("100000\n")
    assert meter.joules() - first == pytest.approx((1_000_001 - 900_000 + 100_000) * 1e-6)
    assert meter.name == "RAPL package-0"


def test_packages_are_found_and_their_parts_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    package(tmp_path, 0, 5_000_000)
    package(tmp_path, 1, 7_000_000)
    (tmp_path / "intel-rapl:0:0").mkdir()
    unreadable = tmp_path / "intel-rapl:2"
    unreadable.mkdir()
    meters = find_meters(tmp_path)
    assert [meter.name for meter in meters] == ["RAPL package-0", "RAPL package-1"]
    assert total(meters) == pytest.approx(12.0)
    assert find_meters(tmp_path / "none") == []


def test_gpus_are_found_by_nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NVMLError(Exception):
        pass

    def energy(handle: int) -> int:
        if handle == 1:
            raise NVMLError("not supported")
        return 2500

    library = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: b"Some GPU",
        nvmlDeviceGetTotalEnergyConsumption=energy,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    (meter,) = find_meters(tmp_path)
    assert meter.name == "NVML Some GPU"
    assert meter.joules() == 2.5
    library.nvmlDeviceGetHandleByIndex = lambda index: 1
    assert find_meters(tmp_path) == [], "a GPU without a counter"

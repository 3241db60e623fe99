"""The energy counters of a machine: RAPL of processors, NVML of NVIDIA GPUs.

A counter gives the joules since some moment in the past; the energy of a piece of work is a difference of two
readings. RAPL counts a processor's package (cores, caches, memory controller), NVML the whole board of a GPU. Both
count whatever else runs there too, so that the machine must be quiet, and idle power is measured beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

POWERCAP = Path("/sys/class/powercap")


class Meter(Protocol):
    """One counter."""

    @property
    def name(self) -> str:
        """What it counts, such as `RAPL package-0`."""
        ...

    def joules(self) -> float:
        """Reading now; only differences mean anything, and they never shrink."""
        ...


@dataclass
class Rapl:
    """A package of RAPL, as Linux shows it in `/sys/class/powercap`; the counter's overflow is followed.

    Attributes:
        folder: holds `name`, `energy_uj` and `max_energy_range_uj`.
    """

    folder: Path
    _last: int | None = field(default=None, init=False)
    _turns: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """`RAPL` and the package's own name."""
        return f"RAPL {(self.folder / 'name').read_text().strip()}"

    def joules(self) -> float:
        """Reading now. It must be read at least once per overflow, which takes minutes at full power."""
        now = int((self.folder / "energy_uj").read_text())
        if self._last is not None and now < self._last:
            self._turns += 1
        self._last = now
        # The counter shows 0 to this value, so a turn is one more.
        turn = int((self.folder / "max_energy_range_uj").read_text()) + 1
        return (now + self._turns * turn) * 1e-6


@dataclass(frozen=True)
class Nvml:
    """The energy counter of an NVIDIA GPU, from the Volta generation on.

    Attributes:
        library: the module `pynvml`; handle: of the GPU; title: its name.
    """

    library: Any
    handle: Any
    title: str

    @property
    def name(self) -> str:
        """`NVML` and the GPU's name."""
        return f"NVML {self.title}"

    def joules(self) -> float:
        """Reading now; the driver counts millijoules."""
        return float(self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle)) * 1e-3


def find_meters(powercap: Path = POWERCAP) -> list[Meter]:
    """All counters that can be read here; none on many virtual machines, and RAPL often needs privileges."""
    return [*_rapl(powercap), *_nvml()]


def total(meters: Sequence[Meter]) -> float:
    """Sum of the readings in joules."""
    return sum(meter.joules() for meter in meters)


def _rapl(powercap: Path) -> list[Meter]:
    found: list[Meter] = []
    for folder in sorted(powercap.glob("intel-rapl:*")):
        if folder.name.count(":") != 1:  # parts of a package, which counts them already
            continue
        meter = Rapl(folder)
        try:
            meter.joules()
        except (OSError, ValueError):
            continue
        found.append(meter)
    return found


def _nvml() -> list[Meter]:
    try:
        import pynvml
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
        found: list[Meter] = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            title = pynvml.nvmlDeviceGetName(handle)
            meter = Nvml(pynvml, handle, title.decode() if isinstance(title, bytes) else title)
            meter.joules()
            found.append(meter)
    except pynvml.NVMLError:
        return []
    return found

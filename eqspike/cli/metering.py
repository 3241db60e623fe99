"""`eqspike meter`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.files import check_writable, write_json
from eqspike.energy.text import si
from eqspike.experiment.metering import Metered, meter_run
from eqspike.training import adding_to

HEADER = ("work", "batch", "samples", "time per sample", "energy per sample", "above idle")


def meter(options: argparse.Namespace) -> int:
    """Measure a run on this machine."""
    if options.out:
        check_writable(Path(options.out).parent, Path(options.out).name)
    found = meter_run(
        Path(options.run), options.batch_sizes or [1, 1000], options.seconds, options.engine
    )
    if not found.meters:
        message(
            "this machine shows no energy counter: RAPL needs /sys/class/powercap (readable, often by root only), "
            "NVML an NVIDIA GPU and the package nvidia-ml-py; only times are given"
        )
    if options.out:
        with adding_to(Path(options.out).parent):
            write_json(Path(options.out), found.to_json())
    if options.json:
        print_json(found.to_json())
        return 0
    print_table(HEADER, [_row(metered) for metered in found.work])
    if found.idle_watts is not None:
        print(f"\n{', '.join(found.meters)}; idle: {si(found.idle_watts, 'W')}")
    return 0


def _row(metered: Metered) -> tuple[str, ...]:
    return (
        metered.work,
        str(metered.batch_size),
        str(metered.samples),
        si(metered.seconds / metered.samples, "s"),
        _each(metered.joules, metered),
        _each(metered.above_idle, metered),
    )


def _each(joules: float | None, metered: Metered) -> str:
    return "unknown" if joules is None else si(joules / metered.samples, "J")

"""`eqspike deploy`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.rounding import RoundingReport
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.deploy.contents import Deployment, deployment_json
from eqspike.experiment.deploying import CALIBRATION_SAMPLES, deploy_run
from eqspike.experiment.foreign import ForeignDeployment, deploy_nir, read_spikes

MOST_LOST = 0.5
"""Share of a coupling's weights that may become 0 without a word."""

_OF_RUNS, _OF_FILES = ("samples", "limit"), ("spikes", "step_ms", "lava")
"""Options that only one of the two kinds of sources has."""


def deploy(options: argparse.Namespace) -> int:
    """Round a run, or a network of another tool, to a chip's integers."""
    foreign = Path(options.run).suffix == ".nir"
    for name in _OF_RUNS if foreign else _OF_FILES:
        if getattr(options, name):
            kind = "a run folder" if foreign else "a .nir file"
            raise ConfigError(f"--{name.replace('_', '-')} must go with {kind}, got {options.run}")
    return _foreign(options) if foreign else _run(options)


def _run(options: argparse.Namespace) -> int:
    out = Path(options.out) if options.out else None
    written = deploy_run(
        Path(options.run), options.chip, out=out, limit=options.limit,
        samples=CALIBRATION_SAMPLES if options.samples is None else options.samples,
    )  # fmt: skip
    if options.json:
        files = [str(path) for path in written.files]
        print_json({**deployment_json(written.deployment), "files": files})
        return 0
    _print(written.deployment)
    print("\nfiles:")
    for path in written.files:
        print(f"  {path}")
    return 0


def _foreign(options: argparse.Namespace) -> int:
    path = Path(options.run)
    if options.spikes is None or options.step_ms is None:
        raise ConfigError(
            f"{path}: a .nir file needs --spikes FILE, what its inputs send, and --step-ms MS, the time step it "
            "was trained with (snnTorch: 0.1)"
        )
    spikes, labels = read_spikes(Path(options.spikes))
    out = Path(options.out) if options.out else path.with_suffix(".deployment")
    found = deploy_nir(
        path, spikes, options.chip, step_seconds=options.step_ms / 1000, labels=labels,
        lava=options.lava, out=out,
    )  # fmt: skip
    if options.json:
        print_json({**found.to_json(), "files": [str(file) for file in found.files]})
    else:
        _print_foreign(found)
    return 1 if found.lava_differing else 0


def _print_foreign(found: ForeignDeployment) -> None:
    if found.accuracy:
        print(
            f"accuracy {found.accuracy['floats']:.4f} in floats, {found.accuracy['integers']:.4f} in integers "
            f"({found.samples} samples)"
        )
    if found.lava_differing is not None:
        spikes = sum(int(raster.sum(dtype=int)) for raster in found.fitted.rasters.values())
        print(f"Lava: {found.lava_differing} spikes differ, of {spikes}")
    rows = [
        (
            name, found.nodes[name], f"{rates['floats']:.4f}", f"{rates['integers']:.4f}",
            f"{max(found.fitted.extremes[name].fill.values()):.1%}",
        )
        for name, rates in found.rates.items()
    ]  # fmt: skip
    _print_couplings(found.fitted.network, found.fitted.report)
    print()
    print_table(("layer", "node", "rate, floats", "integers", "fullest register"), rows)
    print("\nfiles:", *found.files, sep="\n  ")
    print(f"\nenergy: eqspike estimate --counts {found.files[-1]} --chip loihi1")


def _print(deployment: Deployment) -> None:
    print(
        f"accuracy {deployment.floats.accuracy:.4f} in floats, {deployment.integers.accuracy:.4f} in integers "
        f"({deployment.samples} test samples)\n"
    )
    _print_couplings(deployment.network, deployment.calibration.report)
    print()
    _print_layers(deployment)


def _print_couplings(network: LoihiNetwork, report: RoundingReport) -> None:
    """Integers of each coupling and what their rounding lost."""
    rows = [
        (
            coupling.name,
            f"{coupling.mantissas.min()} to {coupling.mantissas.max()}",
            str(coupling.exponent),
            f"{report.arrays[coupling.name].relative_error:.2%}",
            f"{report.arrays[coupling.name].lost:.1%}",
        )
        for coupling in network.couplings
    ]
    print_table(("coupling", "mantissas", "exponent", "rounding error (rms)", "rounded to 0"), rows)
    for coupling in network.couplings:
        if (lost := report.arrays[coupling.name].lost) > MOST_LOST:
            message(
                f"{lost:.0%} of the weights of {coupling.name} became 0: few large ones set the scale for all; "
                "look for outliers, or train with weights that are limited (here by memory.kind fixed)"
            )


def _print_layers(deployment: Deployment) -> None:
    cores = {layer.layer: len(layer.cores) for layer in deployment.mapping.layers}
    rows = [
        (
            name,
            str(cores[name]),
            f"{met.fill['current']:.1%}",
            f"{met.fill['potential']:.1%}",
            f"{deployment.floats.rates[name]:.4f}",
            f"{deployment.integers.rates[name]:.4f}",
        )
        for name, met in deployment.calibration.extremes.items()
    ]
    header = ("layer", "cores", "current filled", "potential filled", "rate, floats", "integers")
    print_table(header, rows)

"""`eqspike deploy`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.printing import print_json, print_table
from eqspike.deploy.contents import Deployment, deployment_json
from eqspike.experiment.deploying import deploy_run


def deploy(options: argparse.Namespace) -> int:
    """Round a run to a chip's integers."""
    out = Path(options.out) if options.out else None
    written = deploy_run(
        Path(options.run), options.chip, out=out, limit=options.limit, samples=options.samples
    )
    if options.json:
        files = [str(path) for path in written.files]
        print_json({**deployment_json(written.deployment), "files": files})
        return 0
    _print(written.deployment)
    print("\nfiles:")
    for path in written.files:
        print(f"  {path}")
    return 0


def _print(deployment: Deployment) -> None:
    print(
        f"accuracy {deployment.floats.accuracy:.4f} in floats, {deployment.integers.accuracy:.4f} in integers "
        f"({deployment.samples} test samples)\n"
    )
    report = deployment.calibration.report
    rows = [
        (
            coupling.name,
            f"{coupling.mantissas.min()} to {coupling.mantissas.max()}",
            str(coupling.exponent),
            f"{report.arrays[coupling.name].relative_error:.2%}",
        )
        for coupling in deployment.network.couplings
    ]
    print_table(("coupling", "mantissas", "exponent", "rounding error (rms)"), rows)
    print()
    _print_layers(deployment)


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

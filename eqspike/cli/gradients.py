"""`eqspike check-gradient`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.gradient_figure import gradient_figure
from eqspike.analysis.gradient_report import as_json, markdown, tables, verdict
from eqspike.analysis.gradients import GradientCheck
from eqspike.analysis.gradients import check_gradient as measure
from eqspike.analysis.style import require_matplotlib, save
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.engines.protocol import Arrays
from eqspike.experiment import Configuration, open_session, resolve
from eqspike.experiment.runs import check_fit
from eqspike.tasks import load_task
from eqspike.training import RunFolder


def check_gradient(options: argparse.Namespace) -> int:
    """Compare the spiking rule with the rate network and with the exact gradient."""
    if options.samples < 1:
        raise ConfigError(f"--samples must be at least 1, got {options.samples}")
    configuration = resolve(options.model, options.task, seed=options.seed)
    if options.out:
        require_matplotlib()
    check = _measure(configuration, options)
    of_weights = (
        f"weights of {options.run}" if options.run else f"initial weights (seed {options.seed})"
    )
    title = f"{configuration.model.name} on {configuration.task}, {of_weights}"
    data = {
        "model": configuration.model.name,
        "task": configuration.task,
        "run": options.run,
        "seed": options.seed,
        **as_json(check),
    }
    if options.json:
        print_json(data)
    else:
        _print(check, title)
    if options.out:
        _write(check, title, data, Path(options.out))
    return 1 if check.failures() else 0


def _measure(configuration: Configuration, options: argparse.Namespace) -> GradientCheck:
    task = load_task(configuration.task)
    check_fit(configuration, task)
    train = task.load("train")
    chosen = np.random.default_rng(options.seed).permutation(len(train))[: options.samples]
    return measure(
        configuration.model.system,
        train.images[chosen],
        train.labels[chosen],
        _weights(configuration, options.run),
        options.seed,
    )


def _weights(configuration: Configuration, run: str | None) -> Arrays:
    if run is not None:
        return RunFolder.open(Path(run)).weights()
    with open_session(configuration.model.system, configuration.seed) as session:
        return session.weights()


def _print(check: GradientCheck, title: str) -> None:
    print(title)
    for table in tables(check):
        print(f"\n{table.title}:")
        print_table(table.header, list(table.rows))
    print(f"\n{verdict(check)}")


def _write(check: GradientCheck, title: str, data: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=2, allow_nan=False) + "\n"
    (out / "gradient_check.json").write_text(text, encoding="utf-8")
    (out / "gradient_check.md").write_text(markdown(check, title), encoding="utf-8")
    path = save(gradient_figure(check), out / "gradient_check.png")
    message(f"figure and tables are in {path.parent}")

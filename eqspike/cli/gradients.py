"""`eqspike check-gradient`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.gradients import rates_report, spikes_report
from eqspike.analysis.gradients.rates import check_rate_gradient
from eqspike.analysis.gradients.rates_figure import error_figure, process_figure
from eqspike.analysis.gradients.spikes import check_gradient as check_spikes
from eqspike.analysis.gradients.spikes_figure import gradient_figure
from eqspike.analysis.gradients.spikes_report import Table, markdown
from eqspike.analysis.style import require_matplotlib, save
from eqspike.cli.printing import message, print_json, print_table
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable, together, write_bytes, write_json
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.experiment import Configuration, load_configuration, open_session, resolve
from eqspike.experiment.model import Model
from eqspike.experiment.runs import image_task
from eqspike.systems import RateSystem, System
from eqspike.training import RunFolder


@dataclass(frozen=True)
class _Findings:
    """What a check says, in every form it is said in; figures by file name."""

    data: Mapping[str, Any]
    tables: tuple[Table, ...]
    verdict: str
    holds: bool
    figures: Mapping[str, Callable[[], Any]]


def check_gradient(options: argparse.Namespace) -> int:
    """Compare a rule with the exact gradient: rates directly, spikes by way of the rate network."""
    if options.samples < 1:
        raise ConfigError(f"--samples must be at least 1, got {options.samples}")
    configuration = resolve(options.model, options.task, seed=options.seed)
    if options.out:
        require_matplotlib()
        check_writable(Path(options.out), "gradient_check.json", "processes.png")
    found = _measure(configuration, options)
    of_weights = (
        f"weights of {options.run}" if options.run else f"initial weights (seed {options.seed})"
    )
    title = f"{configuration.model.name} on {configuration.task}, {of_weights}"
    data = {
        "model": configuration.model.name,
        "task": configuration.task,
        "run": options.run,
        "seed": options.seed,
        **found.data,
    }
    if options.json:
        print_json(data)
    else:
        _print(found, title)
    if options.out:
        _write(found, title, data, Path(options.out))
    return 0 if found.holds else 1


def _measure(configuration: Configuration, options: argparse.Namespace) -> _Findings:
    task = image_task(configuration)
    train = task.load("train")
    chosen = np.random.default_rng(options.seed).permutation(len(train))[: options.samples]
    images, labels = train.images[chosen], train.labels[chosen]
    weights = _weights(configuration, options.run)
    system = configuration.model.system
    if isinstance(system, RateSystem):
        return _of_rates(system, images, labels, weights)
    return _of_spikes(system, images, labels, weights, options.seed)


def _of_spikes(
    system: System, images: Images, labels: Labels, weights: Arrays, seed: int
) -> _Findings:
    check = check_spikes(system, images, labels, weights, seed)
    return _Findings(
        spikes_report.as_json(check),
        spikes_report.tables(check),
        spikes_report.verdict(check),
        not check.failures(),
        {"gradient_check.png": lambda: gradient_figure(check)},
    )


def _of_rates(system: RateSystem, images: Images, labels: Labels, weights: Arrays) -> _Findings:
    check = check_rate_gradient(system, images, labels, weights)
    figures: dict[str, Callable[[], Any]] = {"gradient_check.png": lambda: error_figure(check)}
    if check.processes:
        figures["processes.png"] = lambda: process_figure(check)
    return _Findings(
        rates_report.as_json(check),
        rates_report.tables(check),
        rates_report.verdict(check),
        not check.failures(),
        figures,
    )


def _weights(configuration: Configuration, run: str | None) -> Arrays:
    if run is not None:
        return _weights_of_run(configuration, RunFolder.open(Path(run)))
    with open_session(
        configuration.model.system, configuration.seed, configuration.engine
    ) as session:
        return session.weights()


def _weights_of_run(configuration: Configuration, folder: RunFolder) -> Arrays:
    """Weights of a run of the same model.

    Raises:
        ConfigError: if the run is of another model.
    """
    of_run, model = load_configuration(folder.config_path).model, configuration.model
    if of_run.name != model.name or of_run.system.network != model.system.network:
        raise ConfigError(
            f"--run {folder.path}: is of model '{of_run.name}' with layers {_sizes(of_run)}, not of model "
            f"'{model.name}' with layers {_sizes(model)}; name the model of the run"
        )
    return folder.weights()


def _sizes(model: Model) -> list[int]:
    return [layer.size for layer in model.system.network.layers]


def _print(found: _Findings, title: str) -> None:
    print(title)
    for table in found.tables:
        print(f"\n{table.title}:")
        print_table(table.header, list(table.rows))
    print(f"\n{found.verdict}")


def _write(found: _Findings, title: str, data: dict[str, Any], out: Path) -> None:
    tables = markdown(found.tables, found.verdict, title)
    with together():
        write_json(out / "gradient_check.json", data)
        write_bytes(out / "gradient_check.md", tables.encode())
        for name, draw in found.figures.items():
            save(draw(), out / name)
    message(f"figures and tables are in {out}")

"""`eqspike plot`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.analysis.run_figures import Trained, save_all
from eqspike.cli.printing import print_json
from eqspike.experiment import load_configuration
from eqspike.experiment.runs import check_fit
from eqspike.tasks import load_task
from eqspike.training import RunFolder


def plot(options: argparse.Namespace) -> int:
    """Draw the figures of a run."""
    out = Path(options.out) if options.out else None
    paths = draw_run(Path(options.run), out, options.sample)
    if options.json:
        print_json({"figures": [str(path) for path in paths]})
        return 0
    for path in paths:
        print(path)
    return 0


def draw_run(run: Path, out: Path | None = None, sample: int = 0) -> list[Path]:
    """Draw the figures of the run in the folder `run`; returns the files written.

    Args:
        out: folder of the figures, by default the run's own.
        sample: test sample whose spikes are drawn.
    """
    folder = RunFolder.open(run)
    configuration = load_configuration(folder.config_path)
    weights = folder.weights()
    task = load_task(configuration.task)
    check_fit(configuration, task)
    test = task.load("test")
    trained = Trained(
        f"{configuration.model.title}, {task.title}",
        configuration.model.system,
        weights,
        folder.metrics(),
        test.images,
        test.labels,
        task.image_shape,
        configuration.seed,
    )
    return save_all(trained, sample, out or folder.plots)

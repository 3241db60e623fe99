"""From a run folder to its figures."""

from __future__ import annotations

from pathlib import Path

from eqspike.analysis.rate_run_figures import save_rate_figures
from eqspike.analysis.run_figures import Trained, save_all
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.runs import check_fit
from eqspike.systems import RateSystem
from eqspike.tasks import load_task
from eqspike.training import RunFolder


def draw_run(run: Path, out: Path | None = None, sample: int = 0) -> list[Path]:
    """Draw the figures of the run in the folder `run`; returns the files written.

    Args:
        out: folder of the figures, by default the run's own.
        sample: test sample whose spikes are drawn; without meaning for a network of rates.
    """
    folder = RunFolder.open(run)
    configuration = load_configuration(folder.config_path)
    weights = folder.weights()
    task = load_task(configuration.task)
    check_fit(configuration, task)
    test = task.load("test")
    title, system = f"{configuration.model.title}, {task.title}", configuration.model.system
    if isinstance(system, RateSystem):
        return save_rate_figures(
            title, system, weights, folder.metrics(), test.images, task.image_shape, out or folder.plots
        )  # fmt: skip
    trained = Trained(
        title,
        system,
        weights,
        folder.metrics(),
        test.images,
        test.labels,
        task.image_shape,
        configuration.seed,
    )
    return save_all(trained, sample, out or folder.plots)

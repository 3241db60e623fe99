"""From a run folder to its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eqspike.analysis.curves_figure import learning_curves
from eqspike.analysis.figures import learning_curve
from eqspike.analysis.rate_run_figures import save_rate_figures
from eqspike.analysis.run_figures import Trained, save_all
from eqspike.analysis.style import save
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable
from eqspike.experiment.comparing import labels
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.data import image_task
from eqspike.systems import RateSystem, System
from eqspike.tasks import load_task
from eqspike.training import RunFolder, adding_to


def draw_run(run: Path, out: Path | None = None, sample: int = 0) -> list[Path]:
    """Draw the figures of the run in the folder `run`; returns the files written.

    Args:
        out: folder of the figures, by default the run's own.
        sample: test sample whose spikes are drawn; without meaning for a rate-based network.
    """
    folder = RunFolder.open(run)
    check_writable(out or folder.plots, "receptive_fields.png")
    with folder.adding(out):
        return _draw(folder, out or folder.plots, sample)


def draw_runs(runs: Sequence[Path], out: Path) -> list[Path]:
    """Draw the learning curves of several runs in one figure; returns the file written.

    Args:
        out: folder of the figure.

    Raises:
        ConfigError: if the runs are judged by different metrics.
    """
    check_writable(out, "learning_curves.png")
    curves, metrics = {}, set()
    for name, run in zip(labels(runs), runs, strict=True):
        folder = RunFolder.open(run)
        metrics.add(load_task(load_configuration(folder.config_path).task).metric.name)
        curves[name] = folder.metrics()
    if len(metrics) > 1:
        raise ConfigError(
            f"runs in one figure must be judged alike, but these are by {' and '.join(sorted(metrics))}"
        )
    with adding_to(out):
        return [save(learning_curves(curves, metrics.pop()), out / "learning_curves.png")]


def _draw(folder: RunFolder, out: Path, sample: int) -> list[Path]:
    configuration = load_configuration(folder.config_path)
    weights, subject = folder.weights(), configuration.model.subject
    title = f"{configuration.model.title}, {load_task(configuration.task).title}"
    if not isinstance(subject, (System, RateSystem)):
        curve = learning_curve(folder.metrics(), title)
        return [save(curve, out / "learning_curve.png")]
    task = image_task(configuration)
    test = task.load("test")
    if isinstance(subject, RateSystem):
        return save_rate_figures(
            title, subject, weights, folder.metrics(), test.images, task.image_shape, out
        )  # fmt: skip
    trained = Trained(
        title,
        subject,
        weights,
        folder.metrics(),
        test.images,
        test.labels,
        task.image_shape,
        configuration.seed,
    )
    return save_all(trained, sample, out)

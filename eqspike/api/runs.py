"""What a trained run answers, holds and shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eqspike.analysis.style import figures_as
from eqspike.api.given import Run, folder_of, optional_path, whole
from eqspike.core.errors import ConfigError
from eqspike.core.named import Named
from eqspike.experiment.drawing import draw_run, draw_runs
from eqspike.experiment.evaluating import Evaluation, evaluate_run, predict_with
from eqspike.experiment.metering import Metering, meter_run
from eqspike.experiment.plugins import plugins as using
from eqspike.experiment.stdp import Stdp, draw_stdp, measure_stdp
from eqspike.training import RunFolder


def evaluate(
    run: Run, *, engine: str | None = None, limit: int | None = None,
    plugins: Sequence[str | Path] = (),
) -> Evaluation:  # fmt: skip
    """Accuracy, activity and event counts of a run's weights on its test set.

    Args:
        run: a run folder, or what `train` returned.
        engine: another engine than the run was trained with.
        limit: only the first samples of the test set.
        plugins: the files that the run was made with.
    """
    whole("limit", limit)
    with using(*plugins):
        return evaluate_run(folder_of(run), engine=engine, limit=limit)


def predict(
    run: Run, inputs: ArrayLike, *, engine: str | None = None, plugins: Sequence[str | Path] = ()
) -> NDArray[np.float64]:
    """Outputs of a run's weights for samples of your own.

    Args:
        run: a run folder, or what `train` returned.
        inputs: (samples, ...) as the run's task has them: levels 0..255 of images, flat or in their shape, or
            series (samples, steps, channels).
        engine: another engine than the run was trained with.
        plugins: the files that the run was made with.

    Returns:
        (samples, outputs): scores of the classes (spikes or rates of the outputs, logits), or values.
        `.argmax(1)` gives the classes.

    Raises:
        DataError: for inputs of another shape, or levels out of range.
    """
    with using(*plugins):
        return predict_with(folder_of(run), inputs, engine=engine)


def weights(run: Run) -> dict[str, NDArray[np.float64]]:
    """Weights and biases of a run after its last completed epoch, by name, such as `input-hidden` (pre, post).

    With them is what the memory or the optimiser keeps, such as `input-hidden.inertia`.

    Raises:
        RunError: if there is no run, no epoch has been completed, or the file was changed.
        UnknownNameError: from the mapping, for a name that is not there, with those that are.
    """
    return Named(RunFolder.open(folder_of(run)).weights(), "array")


def plot(
    run: Run | list[Run] | tuple[Run, ...], *, out: str | os.PathLike[str] | None = None, sample: int = 0,
    format: str = "png", plugins: Sequence[str | Path] = (),
) -> list[Path]:  # fmt: skip
    """Draw the figures of a run: learning curve, and by its kind raster, receptive fields, rates.

    Args:
        run: one run; or several, whose learning curves are drawn in one figure.
        out: folder of the figures, by default `plots` in the run's folder; needed for several runs.
        sample: test sample whose spikes are drawn.
        format: `png`, `svg` or `pdf`.

    Returns:
        The files written.
    """
    whole("sample", sample, 0)
    folder = optional_path("out", out)
    with using(*plugins), figures_as(format):
        if not isinstance(run, (list, tuple)):
            return draw_run(folder_of(run), folder, sample)
        if folder is None:
            raise ConfigError("several runs in one figure need a folder, out")
        return draw_runs([folder_of(each) for each in run], folder)


def plot_stdp(
    run: Run, *, samples: int = 20, engine: str = "fast",
    out: str | os.PathLike[str] | None = None, plugins: Sequence[str | Path] = (),
) -> tuple[Stdp, Path]:  # fmt: skip
    """Weight change against the lag of a presynaptic and a postsynaptic spike; measured, and drawn.

    Args:
        samples: training samples presented to the run's network.
        engine: `fast` or `brian2`.
        out: folder of the figure, by default `plots` in the run's folder.
    """
    whole("samples", samples)
    folder = folder_of(run)
    with using(*plugins):
        measured = measure_stdp(folder, samples, engine)
        return measured, draw_stdp(measured, folder, optional_path("out", out))


def meter(
    run: Run, *, batch_sizes: Sequence[int] = (1, 1000), seconds: float = 10.0,
    engine: str | None = None, plugins: Sequence[str | Path] = (),
) -> Metering:  # fmt: skip
    """Time per sample of a run on this machine, and energy where it has counters (RAPL, NVML).

    Args:
        batch_sizes: samples handed over at a time; seconds: of each measurement, at most 300.
        engine: another engine, such as `torch:cuda`.
    """
    for size in batch_sizes:
        whole("batch_sizes", size)
    with using(*plugins):
        return meter_run(folder_of(run), batch_sizes, seconds, engine)

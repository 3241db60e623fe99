"""The gradient check of a model on samples of a task, by its family."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eqspike.analysis.gradients.report import GradientReport
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.families import family
from eqspike.experiment.runs import check_fit, open_learner
from eqspike.tasks import load_task
from eqspike.training import RunFolder


def check_gradient(
    configuration: Configuration, *, samples: int | None = None, run: str | None = None
) -> GradientReport:
    """Compare what a model learns by with the exact gradient.

    Args:
        configuration: model, task and the seed of weights and choice of samples.
        samples: of the training set, drawn; by default as many as the model's family takes.
        run: folder of a run whose weights are used instead of initial ones.

    Raises:
        ConfigError: for a number of samples below 1, or weights that do not fit.
        RunError: if `run` holds no weights.
        UnsupportedError: for a task that does not fit, or a model without a theorem to check.
    """
    if samples is not None and samples < 1:
        raise ConfigError(f"--samples must be at least 1, got {samples}")
    task, subject = load_task(configuration.task), configuration.model.subject
    check_fit(configuration, task)
    row, train = family(subject), task.load("train")
    order = np.random.default_rng(configuration.seed).permutation(len(train))
    chosen = order[: samples or row.gradient_samples]
    return row.check_gradient(
        subject, train.inputs[chosen], train.targets[chosen], _weights(configuration, run),
        configuration.seed,
    )  # fmt: skip


def _weights(configuration: Configuration, run: str | None) -> Arrays:
    if run is not None:
        return _weights_of_run(configuration, RunFolder.open(Path(run)))
    with open_learner(configuration) as learner:
        return learner.state()


def _weights_of_run(configuration: Configuration, folder: RunFolder) -> Arrays:
    """Weights of a run of the same model.

    Raises:
        ConfigError: if the run is of another model.
    """
    of_run, model = load_configuration(folder.config_path).model, configuration.model
    weights = family(of_run.subject).weights(of_run.subject)
    wanted = family(model.subject).weights(model.subject)
    if of_run.name != model.name or weights != wanted:
        raise ConfigError(
            f"--run {folder.path}: is of model '{of_run.name}' with {sum(weights.values())} weights, not of model "
            f"'{model.name}' with {sum(wanted.values())}; name the model of the run"
        )
    return folder.weights()

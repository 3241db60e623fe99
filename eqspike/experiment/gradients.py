"""The gradient check of a model on samples of a task, by its family."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.gradients.report import GradientReport
from eqspike.analysis.style import require_matplotlib, save
from eqspike.core.errors import ConfigError
from eqspike.core.files import check_writable, write_bytes, write_json
from eqspike.core.learner import Arrays
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import check_fit
from eqspike.experiment.families import family
from eqspike.experiment.runs import open_learner
from eqspike.tasks import load_task
from eqspike.training import RunFolder, adding_to

_DATA = "gradient_check.json"


@dataclass(frozen=True)
class GradientCheck:
    """What a model learns by beside the exact gradient.

    Attributes:
        configuration: model, task and seed; run: folder of the weights, None for initial ones.
        report: tables, verdict and figures.
    """

    configuration: Configuration
    run: str | None
    report: GradientReport

    @property
    def holds(self) -> bool:
        """Whether the check holds, by the criterion that the report states."""
        return self.report.holds

    @property
    def title(self) -> str:
        """One line for people."""
        of = self.configuration
        weights = f"weights of {self.run}" if self.run else f"initial weights (seed {of.seed})"
        return f"{of.model.name} on {of.task}, {weights}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        of = self.configuration
        named = {"model": of.model.name, "task": of.task, "run": self.run, "seed": of.seed}
        return named | self.report.data

    def write(self, out: Path) -> None:
        """Write data, tables and figures into the folder `out`, all files or none.

        Raises:
            MissingPackageError: if matplotlib is not installed.
        """
        with adding_to(out):
            write_json(out / _DATA, self.to_json())
            write_bytes(out / "gradient_check.md", self.report.markdown(self.title).encode())
            for name, draw in self.report.figures.items():
                save(draw(), out / name)


def check_place(out: Path) -> None:
    """Refuse, before the work, a folder that a check cannot be written to.

    Raises:
        RunError: if nothing can be written there.
        MissingPackageError: if matplotlib is not installed.
    """
    require_matplotlib()
    check_writable(out, _DATA, "processes.png")


def check_gradient(
    configuration: Configuration, *, samples: int | None = None, run: str | None = None
) -> GradientCheck:
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
    report = row.check_gradient(
        subject, train.inputs[chosen], train.targets[chosen], _weights(configuration, run),
        configuration.seed,
    )  # fmt: skip
    return GradientCheck(configuration, run, report)


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

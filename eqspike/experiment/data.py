"""The samples of a run: a task that fits the model, and its stages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from eqspike import library
from eqspike.core.errors import EqspikeError, UnsupportedError
from eqspike.experiment.configuration import Configuration
from eqspike.experiment.families import family
from eqspike.experiment.model import Model
from eqspike.learners.launch import Group
from eqspike.tasks import AnyTask, Curriculum, SeriesTask, Stage, Task, load_task
from eqspike.tasks.validation import held_out, hold_out


@dataclass(frozen=True)
class Data:
    """A task whose shape fits the model, and the stages of a run on it."""

    task: AnyTask
    stages: Sequence[Stage]

    @staticmethod
    def load(configuration: Configuration) -> Data:
        task = load_task(configuration.task)
        check_fit(configuration, task)
        limits = configuration.limit, configuration.test_limit
        stages = task.stages(configuration.seed, *limits)
        if configuration.validation is not None:
            share, seed = configuration.validation, configuration.seed
            stages = [hold_out(stage, share, seed) for stage in stages]
        return Data(task, stages)

    @staticmethod
    def of(configuration: Configuration, group: Group) -> Data:
        """The same in each of several processes, after the first, which may have to fetch the files."""
        loaded: list[Data] = []
        group.lead(lambda: loaded.append(Data.load(configuration)))
        return loaded[0] if loaded else Data.load(configuration)


def check_fit(configuration: Configuration, task: AnyTask) -> None:
    """Refuse a task whose images or classes do not fit the network.

    Raises:
        UnsupportedError: with the sizes of both.
    """
    subject = configuration.model.subject
    misfit = family(subject).fit_to(subject, task)
    if misfit:
        raise UnsupportedError(f"model '{configuration.model.name}' {misfit}")


def fitting_tasks(model: Model) -> list[str]:
    """Names of the library's tasks whose samples and classes fit a model; what cannot be read fits none."""
    fit_to, subject, found = family(model.subject).fit_to, model.subject, []
    for name in library.names("tasks"):
        with suppress(EqspikeError):
            if not fit_to(subject, load_task(name)):
                found.append(name)
    return found


def image_task(configuration: Configuration) -> Task | Curriculum:
    """The task of a configuration whose model is a network, which is presented images.

    Raises:
        UnsupportedError: if the task does not fit the model, or its samples are no images.
    """
    task = load_task(configuration.task)
    check_fit(configuration, task)
    if isinstance(task, SeriesTask):
        raise UnsupportedError(
            f"this needs images, but the samples of task '{task.name}' are series"
        )
    return task


def length_of(configuration: Configuration) -> tuple[int, int, str]:
    """Epochs of a run, training samples of its first one, and the name of the task's metric."""
    task = load_task(configuration.task)
    drawn = isinstance(task, SeriesTask)  # of both splits, so the file's own sizes are others
    samples = len(task.stages(configuration.seed)[0].train if drawn else task.load("train"))
    shown = samples if configuration.limit is None else min(samples, configuration.limit)
    if configuration.validation is not None:
        shown -= held_out(shown, configuration.validation)
    return configuration.model.epochs * task.number_of_stages, shown, task.metric.name

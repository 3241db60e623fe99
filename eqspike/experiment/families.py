"""The families of models: networks of spikes, rate-based networks, and learners of their own.

A family is one row: which engine opens its subjects, and what others must know of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from eqspike.analysis.gradients import learners, rates, rates_report, spikes, spikes_report
from eqspike.analysis.gradients.report import GradientReport
from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Labels, Learner
from eqspike.engines.learner import EngineLearner
from eqspike.engines.offers import FAST_BITS, runs
from eqspike.experiment.memory_need import check_memory
from eqspike.experiment.sessions import check_engine, numbers_of_weights, open_session
from eqspike.learners.fit import together
from eqspike.learners.launch import launched
from eqspike.learners.registry import Recipe, read_recipe
from eqspike.systems import RateSystem, System
from eqspike.systems.reading import read_system
from eqspike.tasks import AnyTask, SeriesTask

Subject = System | RateSystem | Recipe
"""What a model describes: the physics of a network, or a learner of its own."""

LEARNER_ENGINE = "torch"
"""Learners are torch modules; a device may follow, such as `torch:cuda`."""


@dataclass(frozen=True)
class Family:
    """One kind of subject.

    Attributes:
        engine: the one that runs a subject unless another is asked for.
        check: given a subject and an engine's name, refuses what the engine does not run.
        open: given a subject, a seed, an engine's name and the number of tasks of a curriculum.
        fit_to: given a subject and a task, says what does not fit, or nothing.
        weights: numbers of weights of a subject, by the names under which writes are counted.
        messages: what synapses are sent, for reports, where it is no spikes.
        check_gradient: given a subject, inputs, targets, weights and a seed, compares what it learns by with the
            exact gradient.
        gradient_samples: that check takes, unless told otherwise.
        data_parallel: whether several processes can share each batch.
    """

    engine: Callable[[Any], str]
    check: Callable[[Any, str], None]
    open: Callable[[Any, int, str, int], Learner]
    fit_to: Callable[[Any, AnyTask], str]
    weights: Callable[[Any], dict[str, int]]
    messages: Callable[[Any], str]
    check_gradient: Callable[[Any, NDArray[Any], NDArray[Any], Arrays, int], GradientReport]
    gradient_samples: int
    data_parallel: Callable[[Any], bool] = lambda subject: False


def read_subject(section: Section, training: Section) -> Subject:
    """Read what a model describes: a `learner` section makes it a learner, else it is a network.

    Raises:
        ConfigError: for an unknown kind or key, or a value out of range.
        UnsupportedError: for a combination that the mathematics refuses.
    """
    section.explain(
        learner="a learner of its own, instead of a network of neurons",
    )
    if section.has("learner"):
        return read_recipe(section.section("learner"), training)
    if section.misspelt("learner"):
        raise section.missing("learner")
    return read_system(section, training)


def family(subject: Subject) -> Family:
    """The row of a subject."""
    for kind, row in FAMILIES.items():
        if isinstance(subject, kind):
            return row
    return _LEARNERS


def _open_network(
    subject: System | RateSystem, seed: int, engine: str, stages: int
) -> EngineLearner:
    return EngineLearner(open_session(subject, seed, engine), stages)


def _open_learner(recipe: Recipe, seed: int, engine: str, stages: int) -> Learner:
    check_memory(recipe.weights())
    return recipe.open(seed, launched().device(engine.partition(":")[2] or "cpu"), stages)


def _check_learner_engine(recipe: Recipe, engine: str) -> None:
    if engine.split(":")[0] != LEARNER_ENGINE:
        raise UnsupportedError(
            f"learner.kind '{recipe.kind}' is a torch module and runs in engine '{LEARNER_ENGINE}' "
            f"(or {LEARNER_ENGINE}:cuda), got '{engine}'"
        )


def _fit_learner(recipe: Recipe, task: AnyTask) -> str:
    found = "series" if isinstance(task, SeriesTask) else "images"
    if recipe.presented not in ("", found):
        return _presented(recipe.presented, found, task.name)
    misfit = recipe.misfit(task.input_shape, task.classes)
    return together(misfit, "" if task.metric.of_labels else recipe.misfit_of_values())


def _fit_network(system: System | RateSystem, task: AnyTask) -> str:
    if isinstance(task, SeriesTask):
        return _presented("images", "series", task.name)
    network, image = system.network, task.image_shape
    maps, pixels = network.input.maps, math.prod(image)
    other = "choose another model, or a task of"
    if network.input.size != pixels or system.classes != task.classes:
        outputs = task.classes * (network.output.size // system.classes)
        advice = (
            f"{other} images of {list(maps)} and {system.classes} classes"
            if maps
            else f"choose another model, or set layers to [{pixels}, ..., {outputs}]"
        )
        return (
            f"has {network.input.size} inputs and outputs for {system.classes} classes, but task '{task.name}' "
            f"has {pixels} pixels and {task.classes} classes; {advice}"
        )
    if maps and maps != ((1, *image) if len(image) == 2 else image):
        return (
            f"takes maps of {list(maps)}, but the images of task '{task.name}' are {list(image)}: their rows and "
            f"columns would be mixed up; {other} images of {list(maps)}"
        )
    return ""


def _presented(taken: str, found: str, task: str) -> str:
    return (
        f"is presented {taken}, but the samples of task '{task}' are {found}; choose a learner of {found}, "
        f"or a task of {taken}"
    )


def _messages_of_rates(system: RateSystem) -> str:
    if not system.messages.of_changes:
        return "values"
    return "bits" if system.neuron.sends_bits else "changes"


def _check_spikes(
    system: System, images: Images, labels: Labels, weights: Arrays, seed: int
) -> GradientReport:
    return spikes_report.report(spikes.check_gradient(system, images, labels, weights, seed))


def _check_rates(
    system: RateSystem, images: Images, labels: Labels, weights: Arrays, seed: int
) -> GradientReport:
    del seed  # nothing is drawn
    return rates_report.report(rates.check_rate_gradient(system, images, labels, weights))


FAMILIES: dict[type, Family] = {
    System: Family(
        lambda system: "fast", check_engine, _open_network, _fit_network, numbers_of_weights,
        lambda system: "", _check_spikes, 50,
    ),
    RateSystem: Family(
        lambda system: "fast" if system.messages.of_changes or runs(system, FAST_BITS) else "torch",
        check_engine, _open_network, _fit_network, numbers_of_weights, _messages_of_rates,
        _check_rates, 50,
    ),
}  # fmt: skip

_LEARNERS = Family(
    lambda recipe: LEARNER_ENGINE, _check_learner_engine, _open_learner,
    _fit_learner,
    lambda recipe: recipe.weights(), lambda recipe: recipe.messages,
    learners.check_learner, 8, lambda recipe: recipe.data_parallel,
)  # fmt: skip

"""Models that do not fit a task: what is said leads somewhere."""

from __future__ import annotations

import re

import pytest

from eqspike.experiment import resolve
from eqspike.experiment.families import family
from eqspike.tasks import load_task

ADVICE = re.compile(r"set (learner\.\w+|layers) to (\[.*?\]|[\w-]+)")


@pytest.mark.parametrize(
    ("model", "task"),
    [
        ("backprop-512", "digits"),
        ("backprop-lenet", "digits"),
        ("backprop-lenet", "cifar10-sample"),
        ("norse-100", "digits"),
        ("dchn-quarter", "cifar10-sample"),
        ("hssm-linear", "adding-problem"),
        ("metaplastic-bp-digits", "mnist-sample"),
        ("eqspike-100", "digits"),
        ("binary-ep-w-512", "digits"),
    ],
)
def test_what_is_advised_is_all_that_must_be_set(model: str, task: str) -> None:
    """Nothing is left to be refused, where `...` stands for the hidden layers as they are."""
    data = load_task(task)
    before = resolve(model, task)
    said = family(before.model.subject).fit_to(before.model.subject, data)
    changes = []
    for key, value in ADVICE.findall(said):
        section, _, last = key.rpartition(".")
        description = before.model.description
        layers = (description[section] if section else description).get(last)
        first, dots, rest = value.partition("..., ")
        hidden = "".join(f"{size}, " for size in layers[1:-1]) if dots else ""
        changes.append(f"{key}={first}{hidden}{rest}")
    after = resolve(model, task, overrides=changes)
    assert changes
    assert family(after.model.subject).fit_to(after.model.subject, data) == ""


@pytest.mark.parametrize(
    ("model", "task", "said"),
    [
        ("ep-conv-small", "digits", r"choose another model, or a task of images of \[1, 28, 28\] and 10 classes"),
        ("dchn-quarter", "digits", r"choose another model, or a task of images of \[28, 28\]$"),
        ("ff-ebm-1", "mnist-sample", r"choose another model, or a task of images of \[3, 32, 32\]$"),
        ("backprop-512", "adding-problem", "presented images, .* are series; choose a learner of series"),
        ("hssm-linear", "digits", "presented series, .* are images; choose a learner of images"),
        ("ep-512", "adding-problem", "presented images, .* are series; choose a learner of series"),
    ],
)  # fmt: skip
def test_no_key_is_advised_where_none_would_do(model: str, task: str, said: str) -> None:
    subject = resolve(model, task).model.subject
    misfit = family(subject).fit_to(subject, load_task(task))
    assert re.search(said, misfit), misfit
    assert " set " not in misfit

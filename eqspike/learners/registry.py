"""All learners by the name used in a model's `learner` section."""

from __future__ import annotations

from typing import Any

from eqspike.core.registry import Registry


def _lacks_call(learner: object) -> str:
    return "" if callable(learner) else "a class or a function that opens the learner"


LEARNERS: Registry[Any] = Registry("learner", "eqspike.learners", {}, _lacks_call)

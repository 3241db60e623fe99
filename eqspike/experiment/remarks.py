"""What a user is told of a run beyond its result."""

from __future__ import annotations

from eqspike.core.threads import thread_count
from eqspike.experiment.configuration import Configuration
from eqspike.experiment.families import LEARNER_ENGINE
from eqspike.tasks.metrics import ACCURACY, judged_split
from eqspike.training import Course, Progress, RunFolder
from eqspike.training.health import at_chance


def other_threads(folder: RunFolder, configuration: Configuration) -> str:
    """What to say of a run in PyTorch that continues on another number of threads; empty if nothing."""
    if configuration.engine.split(":")[0] != LEARNER_ENGINE:
        return ""
    before, now = str(folder.environment().get("threads", "")), str(thread_count())
    if before in ("", now):
        return ""
    return (
        f"the run was begun with {before} threads and continues with {now}: sums of PyTorch may differ "
        f"in their last digits from those of an unbroken run; EQSPIKE_THREADS={before} avoids that"
    )


def nothing_learnt(course: Course, progress: Progress) -> str:
    """What a user must know of a complete run, beyond its result."""
    if len(course.stages) > 1 or course.metric.name != ACCURACY.name:
        return ""
    split = judged_split(progress.metrics[-1], ACCURACY.name)
    accuracies = [record[f"{split}_{ACCURACY.name}"] for record in progress.metrics]
    return at_chance(accuracies, getattr(course.stages[0], split).targets, split)

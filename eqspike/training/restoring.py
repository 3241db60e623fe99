"""Files of the last epoch that are damaged or gone: the checkpoint at its end gives the same bytes again."""

from __future__ import annotations

from eqspike.core.counts import EventCounts
from eqspike.core.learner import Learner
from eqspike.training.checkpoint import Progress
from eqspike.training.evaluating import activity_of
from eqspike.training.loop import Course, EpochResult, judged_by
from eqspike.training.manifest import Manifest, sha256
from eqspike.training.own_files import ACTIVITY, COUNTS, WEIGHTS
from eqspike.training.run_folder import RunFolder


def damaged_files(folder: RunFolder, progress: Progress) -> tuple[str, ...]:
    """Files of the last epoch that are not as the run wrote them, where it goes on from the end of one."""
    if not progress.epoch or progress.position:
        return ()
    known = Manifest.read(folder.path).files
    return tuple(
        name
        for name in (WEIGHTS, COUNTS, *((ACTIVITY,) if ACTIVITY in known else ()))
        if not (folder.path / name).is_file() or sha256(folder.path / name) != known.get(name)
    )


def last_epoch(learner: Learner, course: Course, progress: Progress) -> EpochResult:
    """What the last epoch ended with; the learner is as it was then, and is evaluated again."""
    split = course.judging(progress.epoch - 1)[-1]
    tested = judged_by(learner, course, split)
    inference = sum((each.counts for each in tested), EventCounts())
    return EpochResult(progress, inference, activity_of(learner, inference))

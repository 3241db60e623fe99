"""Rate-based networks in the compiled integer engine."""

from __future__ import annotations

from eqspike.engines.fast.graded.learning import learn_compiled
from eqspike.engines.fast.graded.presentation import CompiledPresenter
from eqspike.engines.integers.graded import read_bits
from eqspike.engines.integers.graded_learning import Lesson, Taught
from eqspike.engines.integers.graded_session import GradedSession
from eqspike.systems import RateSystem


class CompiledTeacher(CompiledPresenter):
    """See `engines.integers.graded_learning.Teacher`."""

    def learn(self, lesson: Lesson) -> Taught:
        """Samples one after the other, in one thread."""
        return learn_compiled(self.wiring, lesson)


def open_graded(
    system: RateSystem, seed: int = 0, *options: str, threads: int | None = None
) -> GradedSession:
    """Open a rate-based network that sends changes.

    Args:
        system: what to round and simulate; seed: of the initial weights.
        options: none, or the bits of a state.
        threads: by default the cores available; results do not depend on it.

    Raises:
        UnsupportedError: for an option, or a system, that graded neurons do not carry.
    """
    bits = read_bits("fast-int", options)
    return GradedSession(system, seed, "fast-int", bits, lambda: CompiledTeacher(threads))

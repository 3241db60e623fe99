"""Time at work: it goes on as time does, but stands still while kernels are compiled or loaded.

A first use compiles for seconds what later uses find; paces are of the work itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class WorkingTime:
    """A clock.

    Attributes:
        left_out: seconds that were no work.
    """

    left_out: float = 0.0

    def now(self) -> float:
        """Seconds since some moment."""
        return time.perf_counter() - self.left_out


WORKING_TIME = WorkingTime()
"""That of this process."""

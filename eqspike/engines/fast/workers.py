"""The threads of the compiled engines, which share samples or rows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Workers:
    """A fixed number of threads that share loops over samples or rows.

    Args:
        threads: how many; the calling thread is one of them.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(max(1, threads - 1), "eqspike") if threads > 1 else None

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def share(self, items: int, work: Callable[[int, int, int], None]) -> None:
        """Run `work(thread, first, last)` over contiguous shares of `items`, one a thread."""
        if self._pool is None or items == 1:
            work(0, 0, items)
            return
        edges = [items * thread // self.threads for thread in range(self.threads + 1)]
        others = [
            self._pool.submit(work, thread, edges[thread], edges[thread + 1])
            for thread in range(1, self.threads)
        ]
        work(0, 0, edges[1])
        for other in others:
            other.result()

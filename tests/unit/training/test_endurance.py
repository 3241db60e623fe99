"""Writes of each weight, summed up."""

from __future__ import annotations

import numpy as np

from eqspike.training import CellWrites, cell_writes


def test_counters_are_found_by_name() -> None:
    writes = np.zeros((50, 40))
    writes[0, :20] = 3
    writes[1, 0] = 700
    arrays = {"a-b": np.ones((50, 40)), "a-b.writes": writes, "b.bias": np.ones(40)}
    assert cell_writes(arrays) == {"a-b": CellWrites(2000, 0.38, 3, 700)}
    writes[0, 19] = 0  # 19 + 1 of 2000: one in a hundred, so 99 of 100 were not written at all
    assert cell_writes(arrays)["a-b"].p99 == 0


def test_other_memories_count_none() -> None:
    assert cell_writes({"a-b": np.ones((3, 2)), "b.bias": np.ones(2)}) == {}

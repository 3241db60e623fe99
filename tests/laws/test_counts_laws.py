"""Event counts form a commutative monoid and survive JSON; nothing else is read as counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.errors import ConfigError

FEWER = settings(max_examples=50)  # nested examples are slow to draw
whole = st.integers(0, 10**12)
places = st.sampled_from(["input", "hidden", "output"])


def records(kind: Any, fields: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(places, st.builds(kind, *[whole] * fields), max_size=2)


phases = st.builds(
    PhaseCounts,
    whole,
    records(LayerCounts, 3),
    records(CouplingCounts, 2),
    records(PlasticityCounts, 3),
)
counts = st.builds(
    EventCounts,
    whole,
    st.dictionaries(st.sampled_from(["free", "nudged", "update"]), phases, max_size=2),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@FEWER
@given(a=counts, b=counts, c=counts)
def test_addition_is_associative(a: EventCounts, b: EventCounts, c: EventCounts) -> None:
    """Batches may be counted one by one or together."""
    assert (a + b) + c == a + (b + c)


@FEWER
@given(a=counts, b=counts)
def test_addition_is_commutative(a: EventCounts, b: EventCounts) -> None:
    """The order of the batches does not matter."""
    assert a + b == b + a


@FEWER
@given(a=counts)
def test_nothing_added_changes_nothing(a: EventCounts) -> None:
    """No events are the neutral element."""
    assert a + EventCounts() == a == EventCounts() + a


@FEWER
@given(a=counts, b=counts)
def test_every_single_count_is_added(a: EventCounts, b: EventCounts) -> None:
    """The sum of all numbers is the sum of the sums."""

    def total(data: Any) -> int:
        if isinstance(data, dict):
            return sum(total(value) for value in data.values())
        return data if isinstance(data, int) else 0

    assert total((a + b).to_json()) == total(a.to_json()) + total(b.to_json())


@FEWER
@given(a=counts)
def test_json_gives_the_counts_back(a: EventCounts) -> None:
    """Through text, as in a run folder."""
    assert EventCounts.from_json(json.loads(json.dumps(a.to_json()))) == a


@FEWER
@given(data=anything)
def test_other_json_is_refused(data: Any) -> None:
    """What does not name the schema is not counts."""
    with pytest.raises(ConfigError, match=r"^here: schema must be"):
        EventCounts.from_json(data, "here")


def paths(data: Any) -> list[tuple[Any, ...]]:
    """Every place in nested mappings."""
    if not isinstance(data, dict):
        return [()]
    return [()] + [(key, *path) for key in data for path in paths(data[key])]


@FEWER
@given(a=counts, choose=st.data(), wrong=anything)
def test_damaged_counts_are_read_or_refused(
    a: EventCounts, choose: st.DataObject, wrong: Any
) -> None:
    """A value replaced anywhere gives counts or a ConfigError; where a number stood, a non-count is refused."""
    data = a.to_json()
    path = choose.draw(st.sampled_from([path for path in paths(data) if path]))
    parent = data
    for key in path[:-1]:
        parent = parent[key]
    was_number = isinstance(parent[path[-1]], int)
    parent[path[-1]] = wrong
    is_count = isinstance(wrong, int) and not isinstance(wrong, bool) and wrong >= 0
    try:
        read = EventCounts.from_json(data, "here")
    except ConfigError:
        assert not (was_number and is_count)
    else:
        assert is_count or not was_number
        assert EventCounts.from_json(read.to_json()) == read


@pytest.mark.parametrize("key", ["samples", "phases"])
def test_missing_parts_are_refused(key: str) -> None:
    """Counts that lack a part are damaged, not zero."""
    data = EventCounts(3, {"free": PhaseCounts(5)}).to_json()
    del data[key]
    with pytest.raises(ConfigError, match=key):
        EventCounts.from_json(data)

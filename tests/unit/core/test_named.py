"""A name that a result does not hold is answered by those that it does."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import EqspikeError, UnknownNameError
from eqspike.core.named import Named

PHASE = PhaseCounts(
    1,
    {"input": LayerCounts(), "hidden": LayerCounts()},
    {"input->hidden": CouplingCounts(), "hidden->output": CouplingCounts()},
)
COUNTS = EventCounts(1, {"free": PHASE})


def test_the_error_is_ours_and_a_key_error() -> None:
    for kind in (EqspikeError, KeyError):
        with pytest.raises(kind) as caught:
            PHASE.couplings["input-hidden"]
        assert str(caught.value) == (
            "no coupling is named 'input-hidden'; did you mean 'input->hidden'? "
            "there are input->hidden, hidden->output"
        )


@pytest.mark.parametrize(
    "counts", [COUNTS, COUNTS + COUNTS, EventCounts.from_json(COUNTS.to_json())]
)
def test_counts_however_they_were_made(counts: EventCounts) -> None:
    with pytest.raises(UnknownNameError, match="no phase is named 'nudged'; there are free"):
        counts.phases["nudged"]
    with pytest.raises(
        UnknownNameError, match=r"no layer is named 'hiden'; did you mean 'hidden'\?"
    ):
        counts.phases["free"].layers["hiden"]
    with pytest.raises(UnknownNameError, match="named 'input-hidden'; there are none"):
        counts.phases["free"].plasticity["input-hidden"]


def test_it_is_a_dictionary() -> None:
    named = Named({"a": 1}, "layer")
    assert "b" not in named
    assert named.get("b") is None
    assert named.get("b", 3) == 3
    assert named == {"a": 1}
    assert json.loads(json.dumps(named)) == {"a": 1}


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda of: pickle.loads(pickle.dumps(of))]
)
def test_copies_know_what_they_hold(again) -> None:
    with pytest.raises(UnknownNameError, match="no layer is named 'b'"):
        again(Named({"a": 1}, "layer"))["b"]


def test_names_that_are_no_text() -> None:
    with pytest.raises(UnknownNameError, match="no layer is named 0; there are a"):
        Named({"a": 1}, "layer")[0]  # type: ignore[index]

"""The records of a run that somebody else may have written: read, or refused with their line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eqspike.core.errors import RunError
from eqspike.training.records import read_records

EPOCH = {
    "epoch": 1,
    "train_accuracy": 0.5,
    "test_accuracy": 0.4,
    "seconds": 1.0,
    "rates": {"hidden": 0.1},
}
VALIDATED = {"epoch": 1, "train_accuracy": 0.5, "validation_accuracy": 0.4, "rates": {}}


def text(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_records_are_read_in_their_order() -> None:
    """Also where the test set is looked at in the last epoch only."""
    second = {**EPOCH, "epoch": 2}
    assert read_records(text(EPOCH, second), "metrics") == (EPOCH, second)
    last = {**VALIDATED, "epoch": 2, "test_accuracy": 0.4}
    assert read_records(text(VALIDATED, last), "metrics") == (VALIDATED, last)
    assert read_records("", "metrics") == ()


@pytest.mark.parametrize(
    "record", [[], None, 1, "text", {}, {"epoch": 2, "rates": {"hidden": 0.1}}]
)
def test_what_is_no_record_is_refused(record: Any) -> None:
    """With the number of the line."""
    with pytest.raises(RunError, match=r"metrics: line 2: must "):
        read_records(text(EPOCH, record), "metrics")


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": 3}, {"epoch": "2"}, {"rates": 1}, {"rates": {"hidden": "high"}}, {"rates": {"other": 0.1}},
        {"train_accuracy": None}, {"test_accuracy": True}, {"train_error": 0.5}, {"validation_accuracy": 0.5},
    ],
)  # fmt: skip
def test_a_record_that_is_unlike_the_one_before_is_refused(change: dict[str, Any]) -> None:
    """A figure of the run would be of different things."""
    with pytest.raises(RunError, match=r"metrics: line 2: must be the record of epoch 2"):
        read_records(text(EPOCH, {**EPOCH, "epoch": 2, **change}), "metrics")

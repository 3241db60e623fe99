"""The records of `metrics.jsonl`, one a completed epoch: read as somebody else may have written them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eqspike.core.errors import RunError
from eqspike.core.reading import parse_json

_TRAIN, _JUDGED = "train_", ("validation_", "test_")


def read_records(text: str, source: str) -> tuple[dict[str, Any], ...]:
    """Records of all completed epochs, in their order.

    Raises:
        RunError: naming the line of what is no record of its epoch, or not alike the one before.
    """
    records: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        place = f"{source}: line {number}"
        record = parse_json(line, place)
        if not isinstance(record, dict):
            raise RunError(f"{place}: must hold one JSON object; the file is damaged")
        if not _is_of_epoch(record, number) or (records and not _alike(record, records[0])):
            raise RunError(
                f"{place}: must be the record of epoch {number}, with what was reached in training and in the "
                "test, and the rates of layers; the file is damaged"
            )
        records.append(record)
    return tuple(records)


def _is_of_epoch(record: Mapping[str, Any], number: int) -> bool:
    names = _metrics(record)
    rates = record.get("rates")
    return (
        record.get("epoch") == number
        and bool(names)
        and all(_is_number(record[_TRAIN + name]) for name in names)
        and all(any(_is_number(record.get(split + name)) for split in _JUDGED) for name in names)
        and isinstance(rates, dict)
        and all(map(_is_number, rates.values()))
    )


def _alike(record: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    """Whether two epochs were judged by the same metrics, on the same split, and name the same layers."""
    names = _metrics(record)
    validated = [f"{_JUDGED[0]}{name}" in record for name in names]
    return (
        names == _metrics(first)
        and validated == [f"{_JUDGED[0]}{name}" in first for name in names]
        and list(record["rates"]) == list(first["rates"])
    )


def _metrics(record: Mapping[str, Any]) -> list[str]:
    return [name.removeprefix(_TRAIN) for name in record if name.startswith(_TRAIN)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""What a table's runs could not give, by the reason; made from data of a reproduction alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eqspike.reports import document as doc


def undone_parts(data: Mapping[str, Any]) -> Iterator[doc.Part]:
    """What went wrong and what is left to do."""
    for key, lead in (("failed", "Went wrong:"), ("left", "Left to do:")):
        if lines := undone_lines(data[key]):
            yield doc.Bullets(tuple((line,) for line in lines), (lead,))


def undone_lines(undone: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each reason, with all rows and seeds it is the reason of.

    Args:
        undone: `failed` or `left` of a table's data.
    """
    reasons: dict[str, dict[str, list[str]]] = {}
    for each in undone:
        seeds = reasons.setdefault(each["why"], {}).setdefault(each["row"], [])
        seeds.append(str(each["seed"]))
    return [f"{why}: {_rows_and_seeds(rows)}" for why, rows in reasons.items()]


def _rows_and_seeds(rows: Mapping[str, Sequence[str]]) -> str:
    """Such as `C-EP (seeds 1, 2); EP (seed 2)`."""
    return "; ".join(
        f"{row} ({'seeds' if len(seeds) > 1 else 'seed'} {', '.join(seeds)})"
        for row, seeds in rows.items()
    )

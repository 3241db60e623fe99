"""Vector loops: the first two are where nearly all additions happen."""

from __future__ import annotations

from typing import Any

from eqspike.engines.fast.compilation import inlined


@inlined
def add_rows(total: Any, rows: Any, chosen: Any, count: Any) -> None:
    """total += the sum of rows[chosen[0]], ..., rows[chosen[count - 1]].

    Four rows are added per pass over `total`, which saves three of four loads and stores of it. With weights
    on the summation grid the order of additions does not change the result.
    """
    width = total.shape[0]
    done = 0
    while done + 4 <= count:
        row_a = rows[chosen[done]]
        row_b = rows[chosen[done + 1]]
        row_c = rows[chosen[done + 2]]
        row_d = rows[chosen[done + 3]]
        for i in range(width):
            total[i] += (row_a[i] + row_b[i]) + (row_c[i] + row_d[i])
        done += 4
    while done < count:
        row_a = rows[chosen[done]]
        for i in range(width):
            total[i] += row_a[i]
        done += 1


@inlined
def add_row_parts(total: Any, rows: Any, first: Any, chosen: Any, count: Any) -> None:
    """Like `add_rows`, of the part of each row that starts at column `first`."""
    width = total.shape[0]
    for index in range(count):
        part = rows[chosen[index]][first : first + width]
        for i in range(width):
            total[i] += part[i]


@inlined
def add_weighted_rows(total: Any, rows: Any, first: Any, factors: Any, column: Any) -> None:
    """total += sum over t of factors[t, column] * (part of rows[t] that starts at column `first`)."""
    width = total.shape[0]
    end = first + width
    steps = rows.shape[0]
    t = 0
    while t + 4 <= steps:
        factor_a = factors[t, column]
        factor_b = factors[t + 1, column]
        factor_c = factors[t + 2, column]
        factor_d = factors[t + 3, column]
        row_a = rows[t][first:end]
        row_b = rows[t + 1][first:end]
        row_c = rows[t + 2][first:end]
        row_d = rows[t + 3][first:end]
        for i in range(width):
            total[i] += (factor_a * row_a[i] + factor_b * row_b[i]) + (
                factor_c * row_c[i] + factor_d * row_d[i]
            )
        t += 4
    while t < steps:
        factor_a = factors[t, column]
        row_a = rows[t][first:end]
        for i in range(width):
            total[i] += factor_a * row_a[i]
        t += 1


@inlined
def fill(array: Any, value: Any) -> None:
    """array[:] = value, for one dimension."""
    for i in range(array.shape[0]):
        array[i] = value


@inlined
def copy(source: Any, target: Any) -> None:
    """target[:] = source, for one dimension."""
    for i in range(source.shape[0]):
        target[i] = source[i]

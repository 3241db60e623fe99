"""Budgets: what fits is trained, in whole epochs, then in images, then with fewer seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.errors import ConfigError
from eqspike.experiment.reproduction.budget import START_SECONDS, USED, Budget, plan
from eqspike.experiment.reproduction.jobs import Job, Part
from eqspike.experiment.reproduction.tables import Pace, Row

WHOLE = Part(4, 1000, 200)


def job(name: str = "row", rank: int = 0, train: float = 100.0, least: int = 50) -> Job:
    """Of 4 epochs of 1,000 images; one epoch takes 1000 / train seconds and a second of tests."""
    row = Row(name, "eqspike-digits", "digits", {}, (0, 1, 2), pace=Pace(train, 200.0), least=least)
    return Job("table", replace(row, settings={"of": name}), rank, rank, WHOLE, WHOLE)


def seconds(wanted: float) -> Budget:
    """A budget of which so many processor seconds are planned."""
    return Budget(wanted / 60.0 / USED, 1)


def spent(jobs: tuple[Job, ...]) -> float:
    total = 0.0
    for each in jobs:
        if not each.left and each.part is not None:
            part, pace = each.part, each.row.pace
            one = part.samples / pace.train + part.test_samples / pace.test
            total += START_SECONDS + part.epochs * one
    return total


def test_without_a_budget_all_is_whole_and_first_seeds_come_first() -> None:
    ordered = plan([job("a", 0), job("a", 1), job("b", 0), job("b", 1)], None)
    assert [(each.row.name, each.rank) for each in ordered] == [
        ("a", 0), ("b", 0), ("a", 1), ("b", 1),
    ]  # fmt: skip
    assert all(each.part == WHOLE for each in ordered)


def test_epochs_go_first_then_images() -> None:
    (all_of_it,) = plan([job()], seconds(49.5))
    assert all_of_it.part == WHOLE
    (fewer,) = plan([job()], seconds(48.0))
    assert fewer.part == replace(WHOLE, epochs=3)
    (images,) = plan([job()], seconds(5.0 + 6.9))
    assert images.part == Part(1, 460, 200), "11.9 s: 6.9 s at 0.015 s an image, to two digits"
    assert images.base is not None
    assert (images.base.epochs, images.base.limit, images.base.test_limit) == (1, 460, None)


def test_what_a_short_training_does_not_use_goes_to_the_others() -> None:
    """Shares are equal; the quick one needs less than its own."""
    quick, slow = plan([job("quick", train=10_000.0), job("slow")], seconds(60.0))
    assert quick.part == WHOLE
    assert slow.part == replace(WHOLE, epochs=4)


def test_last_seeds_are_left_out_where_not_even_the_least_fits() -> None:
    jobs = [job(name, rank, least=1000) for name in "ab" for rank in range(3)]
    ordered = plan(jobs, seconds(4 * 16.5))
    assert [each.left == "" for each in ordered] == [True] * 4 + [False] * 2
    assert [each.rank for each in ordered if each.left] == [2, 2]
    assert "are too short" in ordered[-1].left
    assert "first seed" not in ordered[-1].left, "each row has one"


def test_a_budget_that_gives_rows_no_seed_says_which_would() -> None:
    jobs = [job(name, rank, least=1000) for name in "abcd" for rank in range(3)]
    ordered = plan(jobs, Budget(1, 1))
    assert ordered[-1].left == (
        "left out, 1 minute is too short (about 2 minutes give every row its first seed)"
    )
    assert not any(each.left for each in plan(jobs, Budget(2, 1))[:4])


def test_what_was_left_out_already_stays_so() -> None:
    (kept,) = plan([replace(job(), left="no data")], seconds(100.0))
    assert kept.left == "no data"


paces = st.floats(10.0, 1e5)


@given(st.lists(paces, min_size=1, max_size=6), st.floats(1.0, 2000.0))
def test_a_plan_keeps_to_its_budget_and_to_the_least(rates: list[float], wanted: float) -> None:
    jobs = [job(str(n), n, rate) for n, rate in enumerate(rates)]
    ordered = plan(jobs, seconds(wanted))
    assert spent(ordered) <= wanted * (1 + 1e-9)
    for each in ordered:
        if not each.left:
            assert each.part is not None
            assert 1 <= each.part.epochs <= WHOLE.epochs
            assert 50 <= each.part.samples <= WHOLE.samples
            assert each.part.samples == WHOLE.samples or each.part.epochs == 1


@given(st.lists(paces, min_size=1, max_size=6), st.floats(10.0, 500.0), st.floats(1.0, 4.0))
def test_more_time_never_begins_fewer_runs(
    rates: list[float], wanted: float, factor: float
) -> None:
    jobs = [job(str(n), n, rate) for n, rate in enumerate(rates)]
    begun = [
        sum(not each.left for each in plan(jobs, seconds(time)))
        for time in (wanted, wanted * factor)
    ]
    assert begun[0] <= begun[1]


@pytest.mark.parametrize(("minutes", "workers"), [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, 0)])
def test_budgets_that_are_refused(minutes: float, workers: int) -> None:
    with pytest.raises(ConfigError, match="must be"):
        Budget(minutes, workers)

"""Equilibrium Propagation on trajectories: which boundary condition gives the gradient, and which does not."""

from __future__ import annotations

import pytest
import torch

from eqspike.core.errors import ConvergenceError
from eqspike.nn.boundaries import Row, closed, duffing, echo, experiments, initial_value


@pytest.fixture(scope="module", params=[1, 2])
def rows(request: pytest.FixtureRequest) -> dict[tuple[str, str], Row]:
    """All experiments of one seed, over two fifths of the time."""
    found = experiments(request.param, steps=160)
    return {(row.condition, row.estimator): row for row in found}


def test_the_gradient_needs_no_residual_where_the_boundary_cancels_it(
    rows: dict[tuple[str, str], Row],
) -> None:
    for condition in ("boundary value", "periodic", "final value (echo)"):
        row = rows[condition, "contrast alone"]
        assert row.relative_error < 1e-5, row
        assert row.cosine > 1 - 1e-9, row
    assert rows["final value (echo)", "contrast alone"].relative_error < 1e-7


def test_from_one_start_the_residual_is_most_of_the_gradient(
    rows: dict[tuple[str, str], Row],
) -> None:
    assert rows["initial value", "contrast alone"].relative_error > 0.1
    assert rows["initial value", "contrast and residual"].relative_error < 1e-7


def test_a_damped_echo_needs_weights(rows: dict[tuple[str, str], Row]) -> None:
    for damping, wrong in ((0.05, 1e-2), (0.3, 0.1)):
        name = f"final value (echo), damping {damping:g}"
        assert rows[name, "weighted"].relative_error < 1e-7
        assert rows[name, "not weighted"].relative_error > wrong


def test_error_of_an_echo_falls_with_the_square_of_the_nudge() -> None:
    motion, parameters = duffing(2, steps=100)
    errors = [echo(motion, parameters, nudge, True).relative_error for nudge in (1e-1, 1e-2)]
    assert 80 < errors[0] / errors[1] < 120


def test_other_experiments_on_their_own() -> None:
    motion, parameters = duffing(3, steps=60)
    assert [row.estimator for row in initial_value(motion, parameters, 1e-5)] == [
        "contrast alone", "contrast and residual",
    ]  # fmt: skip
    assert closed(motion, parameters, 1e-6, periodic=True).relative_error < 1e-5


def test_a_boundary_problem_without_a_solution_is_said() -> None:
    motion, parameters = duffing(0, steps=20)
    guess = torch.full((21, 3), float("nan"), dtype=torch.float64)
    with pytest.raises(ConvergenceError, match="Newton's method still moves"):
        motion.boundary_value(guess, parameters, 0.0, periodic=False)

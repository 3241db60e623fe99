"""Work of passes through time: counted by hand for two oscillators and three inputs; where echoes pay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from eqspike.nn.hamiltonian.counts import Work, backward_pass, free_pass

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "echo_energy.py"


@pytest.mark.parametrize(
    ("bounded", "keeps", "by_hand"),
    [
        (False, False, Work(14, 8)),
        (False, True, Work(14, 8, 4, 4)),
        (True, False, Work(18, 8)),
        (True, True, Work(18, 8, 6, 6)),
    ],
)
def test_free_pass(bounded: bool, keeps: bool, by_hand: Work) -> None:
    """Each of 2 oscillators: 3 inputs and a step of 4 or 6."""
    assert free_pass(3, 2, bounded, keeps) == by_hand


@pytest.mark.parametrize(
    ("bounded", "backward", "by_hand"),
    [
        (False, "rhel", Work(32 + 12 + 12, 16)),
        (False, "rhel-one-sided", Work(32 + 12 + 12, 16)),
        (False, "reversible", Work(14 + 18 + 12, 16)),
        (False, "bptt", Work(18 + 12, 8, 4)),
        (True, "rhel", Work(40 + 18 + 12, 16)),
        (True, "reversible", Work(18 + 26 + 12, 16)),
        (True, "bptt", Work(26 + 12, 8, 6)),
    ],
)
def test_backward_pass(bounded: bool, backward: str, by_hand: Work) -> None:
    """Echoes (or undoing, or nothing), then contrasts or adjoint steps, then gradients of inputs and B."""
    assert backward_pass(3, 2, bounded, backward) == by_hand


def test_what_is_kept_is_read_once() -> None:
    for bounded in (False, True):
        kept = free_pass(5, 7, bounded, keeps=True)
        assert kept.trajectory_accesses == kept.kept
        assert backward_pass(5, 7, bounded, "bptt").trajectory_accesses == kept.kept


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str, str], list[str]]:
    """What the benchmark prints: cells by kind, inputs and backward."""
    printed = subprocess.run(
        [sys.executable, str(BENCHMARK)], capture_output=True, text=True, timeout=100, check=True
    ).stdout
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines()]
    return {(row[0], row[1], row[3]): row for row in rows[2:]}


def test_an_echo_pays_where_the_trajectory_leaves_a_memory(
    table: dict[tuple[str, str, str], list[str]],
) -> None:
    """64 numbers of 4 bytes a step: 32 kB hold 128 steps, and where inputs are many, products outweigh memory."""
    assert table["linear", "1", "rhel"][-1] == str(32 * 1024 // (4 * 64) + 1)
    assert table["linear", "64", "rhel"][-1] == "not by these figures"
    assert table["log-cosh", "1", "bptt"][-1] == "-"


def test_energies_by_hand(table: dict[tuple[str, str, str], list[str]]) -> None:
    """4.6 pJ a product, 5 an access; the trajectory's 128 accesses 10 each in 32 kB (T = 100), then 50.

    Prices: M. Horowitz, ISSCC 2014, as in the generic profiles.
    """
    echo = 800 * 4.6 + 384 * 5.0
    states = 512 * 4.6 + 256 * 5.0
    stored = [states + 128 * price for price in (10.0, 50.0, 50.0)]
    assert table["linear", "1", "rhel"][7:10] == [f"{echo / 1000:.1f}"] * 3
    assert table["linear", "1", "bptt"][7:10] == [f"{of / 1000:.1f}" for of in stored]

"""Products of a stack of Hamiltonian units, as its learner counts them, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from eqspike.core.counts import PhaseCounts
from eqspike.core.learner import Batch, Pace
from eqspike.experiment import resolve
from eqspike.learners.series import SeriesRecipe

SAMPLES, STEPS, CHANNELS, HIDDEN, SIZE, OUTPUTS = 3, 7, 6, 4, 5, 2
NUMBERS = 2 * SIZE
"""Positions of complex oscillators."""


def learnt(*changes: str) -> dict[str, PhaseCounts]:
    """Phases of one batch of `hssm-linear` with one block."""
    overrides = (f"learner.hidden={HIDDEN}", f"learner.size={SIZE}", "learner.blocks=1", *changes)
    recipe = resolve("hssm-linear", "scp1-drawn", overrides=overrides).model.subject
    assert isinstance(recipe, SeriesRecipe)
    batch = Batch(
        np.random.default_rng(0).normal(size=(SAMPLES, STEPS, CHANNELS)).astype(np.float32),
        np.array([0, 1, 0]), np.arange(SAMPLES, dtype=np.uint64),
    )  # fmt: skip
    with recipe.open(0, "cpu", 1) as learner:
        learner.fit(batch, Pace(1.0, 0))
        return learner.take_counts().phases


def products(phase: PhaseCounts) -> dict[str, int]:
    return {name: of.synaptic_operations for name, of in phase.couplings.items()}


@pytest.mark.parametrize(
    ("backward", "of_unit"),
    [
        ("rhel", 2 * NUMBERS * (HIDDEN + 5) + 6 * NUMBERS + 2 * NUMBERS * HIDDEN),
        ("bptt", 9 * NUMBERS + 2 * NUMBERS * HIDDEN),
    ],
)
def test_units_and_read_outs_are_counted(backward: str, of_unit: int) -> None:
    phases, every = learnt(f"learner.backward={backward}"), SAMPLES * STEPS
    read, mixed = every * HIDDEN * (NUMBERS + 1), every * HIDDEN * 2 * HIDDEN
    encoded = every * (CHANNELS + 1) * HIDDEN
    assert products(phases["forward"]) == {
        "encode": encoded,
        "blocks.0.unit": every * NUMBERS * (HIDDEN + 4),
        "blocks.0.read_out": read,
        "blocks.0.mix": mixed,
        "decode": SAMPLES * HIDDEN * OUTPUTS,
    }
    assert products(phases["backward"]) == {
        "encode": encoded,
        "blocks.0.unit": every * of_unit,
        "blocks.0.read_out": 2 * read,
        "blocks.0.mix": 2 * mixed,
        "decode": 2 * SAMPLES * HIDDEN * OUTPUTS,
    }


def test_what_is_computed_again_is_counted_again() -> None:
    """Once more forward, and no more backward."""
    held, anew = (learnt(f"learner.recompute={value}") for value in ("false", "true"))
    assert products(anew["backward"]) == products(held["backward"])
    for part in ("read_out", "mix"):
        name = f"blocks.0.{part}"
        assert products(anew["forward"])[name] == 2 * products(held["forward"])[name]

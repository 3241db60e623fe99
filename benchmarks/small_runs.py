"""A small run for every engine, and for learners of their own: seconds each, for trials that need many."""

from __future__ import annotations

BRIEF = (
    "--set",
    "rule.free_steps=20",
    "--set",
    "rule.nudged_steps=10",
    "--set",
    "rule.readout_steps=10",
)
DENSE = ("--set", "learner.layers=[64, 32, 10]")
RUNS: dict[str, tuple[str, ...]] = {
    "fast": ("eqspike-digits", "digits", "--epochs", "20", "--limit", "300", *BRIEF),
    "fast, rates": ("ep-digits-events", "digits", "--epochs", "10", "--limit", "300"),
    "fast-int": ("eqspike-digits-chip", "digits", "--engine", "fast-int", "--epochs", "8", "--limit", "300"),
    "brian2": (
        "eqspike-digits", "digits", "--engine", "brian2", "--epochs", "3", "--limit", "40",
        "--test-limit", "20", *BRIEF,
    ),
    "lava": ("eqspike-digits", "digits", "--engine", "lava", "--epochs", "5", "--limit", "300", *BRIEF),
    "torch": ("ep-digits-events", "digits", "--engine", "torch", "--epochs", "5", "--limit", "300"),
    "reference": ("eqspike-digits", "digits", "--engine", "reference", "--epochs", "5", "--limit", "30", *BRIEF),
    "binary-backprop": (
        "metaplastic-bp-digits", "permuted-digits", "--epochs", "2", "--limit", "100",
        "--set", "learner.layers=[64, 32, 32, 10]",
    ),
    "backprop": ("backprop-512", "digits", "--epochs", "8", *DENSE),
    "dtp": ("dtp-mlp", "digits", "--epochs", "5", "--limit", "300", *DENSE),
    "norse": (
        "norse-100", "digits", "--epochs", "3", "--limit", "200", *DENSE, "--set", "learner.steps=20",
    ),
    "hssm": (
        "hssm-linear", "adding-problem", "--epochs", "2", "--limit", "64", "--test-limit", "20",
        "--set", "learner.channels=2", "--set", "learner.outputs=1", "--set", "learner.loss=squared-error",
    ),
    "energy-block": (
        "dchn-quarter", "digits", "--epochs", "3", "--limit", "200", "--set", "learner.image=[8, 8]",
        "--set", "learner.blocks=[{layers: [{size: 8, kernel: 3}, {size: 10, activation: linear}]}]",
        "--set", "training.learning_rates=[0.05, 0.05]",
    ),
}  # fmt: skip
"""Words of `eqspike train`, by a name for tables."""

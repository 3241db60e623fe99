"""What the nudged phase of a trained energy block costs, and how well its gradient points.

    python benchmarks/nudged_work.py RUN                     # a run of a model of learner energy-block
    python benchmarks/nudged_work.py RUN --samples 32 --precision bfloat16
    python benchmarks/nudged_work.py RUN --factors          # steps to rest by relaxation factor

For each setting of the nudged phase: the cosine of the least similar parameter and of all together with the exact
gradient (float64, at rest, by automatic differentiation), the share of neurons that differ, and the
multiply-accumulates by differences that are not zero, as a share of all those of the free phase. The free phase is
the model's, in the precision that is asked for.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eqspike.analysis.gradients.blocks import NUDGED_TOLERANCE, STEPS, TOLERANCE
from eqspike.analysis.gradients.modules import Probe
from eqspike.core.learner import Arrays
from eqspike.experiment.configuration import load_configuration
from eqspike.learners.energy import EnergyRecipe
from eqspike.nn.settings import EnergySettings
from eqspike.tasks import load_task
from eqspike.training import RunFolder

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}
ONE = {"algorithm": "p-ep", "beta": 0.01}
ROWS: tuple[Mapping[str, Any], ...] = (
    {"form": "two-states", "algorithm": "c-ep", "beta": 0.1},
    *({"algorithm": "c-ep", "beta": beta} for beta in (0.1, 0.01, 0.001)),
    *({"algorithm": "p-ep", "beta": beta} for beta in (0.1, 0.01, 0.001)),
    *(ONE | {"nudged_tolerance": tolerance} for tolerance in (0.003, 0.03)),
    *(ONE | {"dead_zone": zone} for zone in (3e-4, 1e-3, 3e-3)),
    *(
        ONE | {"tolerance": tolerance, "nudged_tolerance": 0.003, "dead_zone": zone}
        for tolerance in (1e-3, 1e-4)
        for zone in (1e-4, 3e-4)
    ),
)
"""Changes of the model's settings."""
FACTORS: tuple[Mapping[str, Any], ...] = tuple(
    {"relaxation_factor": factor, "free_steps": 300, "nudged_steps": 100}
    for factor in (0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6)
)


class Measured:
    """A run's module, a batch, and the exact gradient."""

    def __init__(self, run: Path, samples: int) -> None:
        folder = RunFolder.open(run)
        configuration = load_configuration(folder.config_path)
        recipe = configuration.model.subject
        if not isinstance(recipe, EnergyRecipe):
            raise SystemExit(f"{run} is of no model with learner energy-block")
        test = load_task(configuration.task).load("test")
        chosen = np.random.default_rng(configuration.seed).permutation(len(test))[:samples]
        inputs, targets = test.inputs[chosen], test.targets[chosen]
        self.probe = Probe.of(recipe, recipe.images(inputs), targets, folder.weights(), 0)
        self.settings = replace(recipe.settings, warm_start=False)
        steps = self.aim(self.settings)
        print(
            f"{samples} test images; {steps} steps to rest within {TOLERANCE:g} in float64; at rest "
            f"{self.active():.0%} of the free phase's products are of rates that are not zero"
        )

    def aim(self, settings: EnergySettings) -> int:
        """Compare with the exact gradient at the rest these settings lead to; returns the steps it took.

        Max pooling has several states of rest, and a factor may lead an image to another one.
        """
        rest = replace(
            settings, precision=None, tolerance=TOLERANCE, nudged_tolerance=NUDGED_TOLERANCE,
            free_steps=STEPS, unsettled="refuse", warm_start=True,
        )  # fmt: skip
        for block in self.probe.blocks():
            block._last = []
        self.exact, steps = self.probe.at_rest(rest)
        return steps

    def active(self) -> float:
        """Share of the products between free layers that have a rate above zero, at the rest last reached."""
        taken = []
        for block in self.probe.blocks():
            count = block._operations.nonzero_counter()
            count(block._last)
            inner = 2 * sum(wire.products() for wire in block.structure.wires[1:])
            taken.append((block.take_operations()["nudged_nonzero"], inner * len(block._last[0])))
        return sum(some for some, _ in taken) / sum(every for _, every in taken)

    def row(self, settings: EnergySettings) -> str:
        """A line of the table."""
        for block in self.probe.blocks():
            block.count_nonzero = settings.form == "difference"
            block.take_operations()
        found = self.probe.by_blocks(settings)
        counts = [block.take_operations() for block in self.probe.blocks()]
        free = sum(each["free"] for each in counts)
        nudged = sum(each.get("nudged_nonzero", each["nudged"]) for each in counts)
        least = min(cosine(array, self.exact[name]) for name, array in found.items())
        reports = [block.report for block in self.probe.blocks()]
        steps = " ".join(f"{r.free.steps}+{r.nudged.steps}" for r in reports if r.free and r.nudged)
        moved = " ".join(f"{share:.0%}" for report in reports for share in report.moved)
        return (
            f"{least:.4f} | {cosine(together(found), together(self.exact)):.4f} | {steps} | {moved} | "
            f"{nudged / free:.1%}"
        )


def cosine(ours: NDArray[Any], exact: NDArray[Any]) -> float:
    """0 where nothing is learnt."""
    sizes = np.linalg.norm(ours) * np.linalg.norm(exact)
    return float((ours * exact).sum() / sizes) if sizes else 0.0


def together(of: Arrays) -> NDArray[Any]:
    """All parameters as one vector."""
    return np.concatenate([of[name].ravel() for name in sorted(of)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="float32")
    parser.add_argument("--tolerance", type=float, help="of the free phase, instead of the model's")
    parser.add_argument("--factors", action="store_true", help="relaxation factors instead")
    options = parser.parse_args()
    torch.set_num_threads(1)
    measured = Measured(options.run, options.samples)
    base = replace(measured.settings, precision=PRECISIONS[options.precision])
    if options.tolerance is not None:
        base = replace(base, tolerance=options.tolerance)
    print(
        "| setting | least cosine | cosine | steps | neurons that differ | work, of the free phase's |"
    )
    print("|---|---|---|---|---|---|")
    for changes in FACTORS if options.factors else ROWS:
        name = ", ".join(f"{key} {value}" for key, value in changes.items())
        settings = replace(base, **changes)
        if options.factors:
            measured.aim(settings)
        print(f"| {name} | {measured.row(settings)} |", flush=True)


if __name__ == "__main__":
    main()

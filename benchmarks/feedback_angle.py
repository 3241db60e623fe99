"""C-VF and asymmetric EP from other and other initial angles between forward and backward weights.

    python benchmarks/feedback_angle.py --epochs 3 --seeds 0 1 2 --out DIR

Trains each model (cvf-512 and aep-512) once for each angle and seed, and writes `feedback_angle.json` and a
figure to DIR. The first angle is that of the rule's update, at the model's own beta and phases, all parameters
together, to minus the exact gradient by backpropagation through time, before training; the second that of the
weights, before and after. Ernoult et al. (arXiv:2005.04168) report the same pair for C-VF and 0 to 180 degrees.
The residual is the largest change of a rate in the last step of the free phase, after training: the median over
the test samples, and the largest.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.gradients.feedback import update_angles, weights_angle
from eqspike.analysis.gradients.rates import free_states
from eqspike.analysis.style import BLUE, MUTED, ORANGE, new_figure, save, styled
from eqspike.core.learner import Arrays, Images
from eqspike.experiment import open_session, resolve
from eqspike.experiment.runs import start
from eqspike.rules.known import nudging_of, with_nudging
from eqspike.systems import RateSystem
from eqspike.tasks import load_task
from eqspike.training import RunFolder

ANGLES = (0.0, 45.0, 90.0, 135.0, 180.0)
MODELS = ("cvf-512", "aep-512")
SAMPLES = 20
ERRORS = (2, 5, 10, 20, 50, 100)
"""Ticks, in percent."""


def measured(model: str, angle: float, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One training from one angle."""
    configuration = resolve(
        model, options.task, seed=seed, epochs=options.epochs, limit=options.limit,
        overrides=(f"feedback.initial_angle={angle}", *options.set),
    )  # fmt: skip
    system = configuration.model.system
    with open_session(system, seed, "torch:cpu") as session:
        weights = session.weights()
    train, test = (load_task(options.task).load(part) for part in ("train", "test"))
    angles = update_angles(system, weights, train.images[:SAMPLES], train.labels[:SAMPLES])
    folder = options.out / f"{model}-{angle:g}-{seed}"
    result = start(configuration, folder, force=True)
    trained = RunFolder.open(folder).weights()
    moves = last_moves(system, trained, test.images)
    return {
        "model": model,
        "seed": seed,
        "initial_angle": angle,
        "weights_angle": weights_angle(weights),
        "weights_angle_after": weights_angle(trained),
        "update_angle": angles["all"],
        "input_update_angle": angles["input"],
        "residual": float(np.median(moves)),
        "largest_residual": float(moves.max()),
        "test_accuracy": result.accuracy,
    }


def last_moves(system: RateSystem, weights: Arrays, images: Images) -> np.ndarray:
    """The largest change of a rate in the last free step of each sample."""
    nudging = nudging_of(system.rule)
    before, after = (
        free_states(
            replace(system, rule=with_nudging(system.rule, replace(nudging, free_steps=steps))),
            weights,
            images,
        )
        for steps in (nudging.free_steps - 1, nudging.free_steps)
    )
    return np.max([abs(after[name] - before[name]).max(1) for name in after], axis=0)


@styled()
def draw(records: list[dict[str, Any]], title: str) -> Any:
    """Angles of the update at first, and errors after training, by initial angle: means, and each seed."""
    figure = new_figure(10.0, 4.2)
    angles, errors = figure.subplots(1, 2)
    for model, colour, marker in zip(MODELS, (ORANGE, BLUE), ("s", "o"), strict=True):
        own = [record for record in records if record["model"] == model]
        places = sorted({record["initial_angle"] for record in own})
        for axes, value in (
            (angles, lambda record: record["update_angle"]),
            (errors, lambda record: 100 * (1 - record["test_accuracy"])),
        ):
            found = [[value(r) for r in own if r["initial_angle"] == place] for place in places]
            means = [float(np.mean(each)) for each in found]
            axes.plot(places, means, color=colour, marker=marker, label=model)
            for place, each in zip(places, found, strict=True):
                axes.plot([place] * len(each), each, ".", color=colour, markersize=4)
            axes.set_xticks(places)
    angles.axhline(90, color=MUTED, linestyle=":")
    angles.set(
        title="Update to minus the gradient, at first", ylabel="angle (degrees)", ylim=(0, None)
    )
    errors.set(
        title="Test error", ylabel="test error (%)", yscale="log", ylim=(ERRORS[0] - 0.5, 130)
    )
    errors.set_yticks(ERRORS, [f"{error:g}" for error in ERRORS])
    for axes in (angles, errors):
        axes.set_xlabel("initial angle of backward weights (degrees)")
        axes.legend()
    figure.suptitle(title, x=0.01, ha="left", color=MUTED, fontsize=11)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--task", default="mnist")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only the first training samples")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--angles", type=float, nargs="+", default=list(ANGLES))
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE of the models")
    parser.add_argument("--out", type=Path, default=Path("runs/feedback-angle"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    records = []
    for seed, model, angle in itertools.product(options.seeds, options.models, options.angles):
        records.append(measured(model, angle, seed, options))
        print(json.dumps(records[-1]), flush=True)
    text = json.dumps(records, indent=2) + "\n"
    (options.out / "feedback_angle.json").write_text(text, encoding="utf-8")
    passes = "1 epoch" if options.epochs == 1 else f"{options.epochs} epochs"
    figure = draw(records, f"{options.task}, {passes}, seeds {', '.join(map(str, options.seeds))}")
    save(figure, options.out / "feedback_angle.png")


if __name__ == "__main__":
    main()

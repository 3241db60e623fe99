"""C-VF from other and other initial angles between forward and backward weights: angle to the gradient, accuracy.

    python benchmarks/feedback_angle.py --epochs 3 --out DIR

Trains cvf-512 once for each angle and writes `feedback_angle.json` and a figure to DIR. The first angle is that of
the rule's update, at the model's own beta and phases, all parameters together, to minus the exact gradient by
backpropagation through time, before training; the second that of the weights, before and after. Ernoult et al.
(arXiv:2005.04168) report the same pair for 0 to 180 degrees.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from eqspike.analysis.gradients.feedback import update_angles, weights_angle
from eqspike.analysis.style import BLUE, MUTED, ORANGE, new_figure, save, styled
from eqspike.experiment import open_session, resolve
from eqspike.experiment.runs import start
from eqspike.tasks import load_task
from eqspike.training import RunFolder

ANGLES = (0.0, 45.0, 90.0, 135.0, 180.0)
SAMPLES = 20
ERRORS = (2, 5, 10, 20, 50, 100)
"""Ticks, in percent."""


def measured(task: str, angle: float, options: argparse.Namespace) -> dict[str, Any]:
    """One training from one angle."""
    configuration = resolve(
        "cvf-512", task, seed=options.seed, epochs=options.epochs, limit=options.limit,
        overrides=(f"feedback.initial_angle={angle}",),
    )  # fmt: skip
    system = configuration.model.system
    with open_session(system, options.seed, "torch:cpu") as session:
        weights = session.weights()
    split = load_task(task).load("train")
    images, labels = split.images[:SAMPLES], split.labels[:SAMPLES]
    update = update_angles(system, weights, images, labels)
    folder = options.out / f"angle-{angle:g}"
    result = start(configuration, folder, force=True)
    return {
        "initial_angle": angle,
        "weights_angle": weights_angle(weights),
        "weights_angle_after": weights_angle(RunFolder.open(folder).weights()),
        "update_angle": update["all"],
        "input_update_angle": update["input"],
        "test_accuracy": result.accuracy,
    }


@styled()
def draw(records: list[dict[str, Any]], title: str) -> Any:
    """Angles of the update by initial angle, and errors by angle of the update."""
    figure = new_figure(10.0, 4.2)
    angles, accuracy = figure.subplots(1, 2)
    place = [record["initial_angle"] for record in records]
    for key, label, colour, marker in (
        ("update_angle", "all parameters", BLUE, "o"),
        ("input_update_angle", "input weights", ORANGE, "s"),
    ):
        values = [record[key] for record in records]
        angles.plot(place, values, color=colour, marker=marker, label=label)
    angles.axhline(90, color=MUTED, linestyle=":")
    angles.set(title="Update to minus the gradient, at first", ylabel="angle (degrees)")
    angles.legend()
    angles.set_xlabel("initial angle of backward weights (degrees)")
    angles.set_xticks(place)
    errors = [100 * (1 - record["test_accuracy"]) for record in records]
    towards = [record["update_angle"] for record in records]
    accuracy.plot(towards, errors, color=BLUE, marker="o")
    for x, y, angle in zip(towards, errors, place, strict=True):
        accuracy.annotate(f"{angle:g}°", (x, y), (-6, 6), textcoords="offset points", ha="right")
    accuracy.set(title="Test error, labels: initial angle", ylabel="test error (%)", yscale="log")
    accuracy.set_yticks(ERRORS, [f"{error:g}" for error in ERRORS])
    accuracy.set(xlabel="angle of the update at first, all parameters (degrees)")
    accuracy.set_ylim(ERRORS[0], 130)
    accuracy.set_xlim(min(towards) - 8, max(towards) + 4)
    figure.suptitle(title, x=0.01, ha="left", color=MUTED, fontsize=11)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--task", default="mnist")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="only the first training samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/feedback-angle"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    records = []
    for angle in ANGLES:
        records.append(measured(options.task, angle, options))
        print(json.dumps(records[-1]), flush=True)
    text = json.dumps(records, indent=2) + "\n"
    (options.out / "feedback_angle.json").write_text(text, encoding="utf-8")
    passes = "1 epoch" if options.epochs == 1 else f"{options.epochs} epochs"
    figure = draw(records, f"cvf-512 on {options.task}, {passes}, seed {options.seed}")
    save(figure, options.out / "feedback_angle.png")


if __name__ == "__main__":
    main()

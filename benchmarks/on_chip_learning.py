"""Learning on Loihi's own learning engine: test accuracy against samples seen, in Lava and in the compiled engine.

    python benchmarks/on_chip_learning.py measure fast-int --out results/fast-int.json
    python benchmarks/on_chip_learning.py measure lava --epochs 2 --out results/lava.json      (most of an hour)
    python benchmarks/on_chip_learning.py figure lava.json fast-int.json --out docs/images/on-chip-learning.png

Both engines see the same samples in the same order. After every chunk the test set is scored by `fast-int`, whose
scores equal Lava's bit for bit; after the last one by the engine itself as well. In Lava a chunk is one graph, and
`drift` is how far the two copies of the weights between hidden and output layer have gone apart in it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from eqspike.analysis.style import SERIES, new_figure, save, styled
from eqspike.core.random_stream import Purpose, stream_key
from eqspike.engines.learner import EngineLearner
from eqspike.experiment.model import load_model
from eqspike.experiment.sessions import open_session
from eqspike.tasks import load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.training.evaluating import evaluate, presentation_keys


def measure(arguments: argparse.Namespace) -> None:
    """Train, and write the curve after every chunk."""
    model, task = load_model(arguments.model), load_task("digits")
    train, test = task.load("train"), task.load("test")
    curve: list[dict[str, Any]] = []
    result = {
        "engine": arguments.engine,
        "model": model.name,
        "seed": arguments.seed,
        "curve": curve,
    }
    seen = 0
    with (
        open_session(model.system, arguments.seed, arguments.engine) as session,
        open_session(model.system, arguments.seed, "fast-int") as judge,
    ):
        for epoch in range(arguments.epochs):
            order = np.random.default_rng([arguments.seed, epoch]).permutation(len(train))
            keys = presentation_keys(arguments.seed, Purpose.TRAINING, epoch, len(train))
            for first in range(0, len(train), arguments.chunk):
                part, started = order[first : first + arguments.chunk], time.perf_counter()
                done = (epoch + first / len(train)) / model.epochs
                scores = session.fit(
                    train.images[part], train.labels[part], keys[first : first + len(part)],
                    model.schedule.factor(done), stream_key(arguments.seed, epoch, first),
                )  # fmt: skip
                seconds = time.perf_counter() - started
                session.take_counts()
                seen += len(part)
                judge.load(session.weights())
                curve.append(
                    {
                        "samples": seen,
                        "train_accuracy": float((scores.argmax(1) == train.labels[part]).mean()),
                        "test_accuracy": _accuracy(judge, test, arguments.seed),
                        "drift": getattr(session, "drift", {}).get("hidden-output"),
                        "seconds": round(seconds, 1),
                        "steps_per_sample": model.system.rule.free_steps + model.system.rule.nudged_steps,
                    }
                )  # fmt: skip
                print(curve[-1], flush=True)
                arguments.out.write_text(json.dumps(result, indent=1) + "\n")
        result["final_test_accuracy"] = _accuracy(session, test, arguments.seed)
    print(f"final, scored by {arguments.engine} itself: {result['final_test_accuracy']:.4f}")
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


def draw(arguments: argparse.Namespace) -> None:
    """Accuracy of each result, and the drift of the mirrored weights where it was measured."""
    results = [json.loads(path.read_text()) for path in arguments.results]
    with styled():
        figure = new_figure(7.5, 6.0)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        for number, (result, (colour, marker)) in enumerate(zip(results, SERIES, strict=False)):
            size = 11 - 3 * min(number, 2)  # equal curves show through each other
            name = f"{result['engine']}, seed {result['seed']}"
            samples = [point["samples"] for point in result["curve"]]
            accuracy = [100 * point["test_accuracy"] for point in result["curve"]]
            above.plot(samples, accuracy, color=colour, marker=marker, label=name, markersize=size)
            drift = [point["drift"] for point in result["curve"]]
            if None not in drift:
                below.plot(
                    samples, [100 * d for d in drift], color=colour, marker=marker, linestyle="",
                    markersize=size,
                )  # fmt: skip
        above.set(ylabel="test accuracy (%)", ylim=(0, 100))
        above.set_title("Digits, learnt by Loihi's learning engine")
        above.legend(loc="lower right")
        below.set(xlabel="samples seen", ylabel="drift of a\nchunk (%)", ylim=(0, 8))
        save(figure, arguments.out)


def _accuracy(session: Any, test: Any, seed: int) -> float:
    accuracy = evaluate(EngineLearner(session), test, ACCURACY, seed).value
    session.take_counts()
    return accuracy


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("engine", choices=("fast-int", "fast-int:lava", "lava"))
    measuring.add_argument("--model", default="eqspike-digits-chip")
    measuring.add_argument("--epochs", type=int, default=4)
    measuring.add_argument(
        "--chunk", type=int, default=479, help="samples in one call; three make an epoch"
    )
    measuring.add_argument("--seed", type=int, default=0)
    measuring.add_argument("--out", type=Path, required=True)
    measuring.set_defaults(run=measure)
    drawing = verbs.add_parser("figure")
    drawing.add_argument("results", type=Path, nargs="+")
    drawing.add_argument("--out", type=Path, required=True)
    drawing.set_defaults(run=draw)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

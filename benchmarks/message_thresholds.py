"""Accuracy and messages of a trained rate-based network when its neurons send changes above a threshold.

    python benchmarks/message_thresholds.py RUN [THRESHOLD...]

Presents the run's test set under each threshold in engine fast and prints a Markdown table: accuracy, messages and
synaptic operations a sample, and the samples per second of one thread. Weights are those of the run, unchanged.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from eqspike.core.messages import Messages
from eqspike.engines.fast.rates import FastRateSession
from eqspike.engines.learner import EngineLearner
from eqspike.experiment.configuration import load_configuration
from eqspike.systems import RateSystem
from eqspike.tasks import load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.training import RunFolder
from eqspike.training.evaluating import evaluate

THRESHOLDS = ("0", "0.0003", "0.001", "0.003", "0.01", "0.02", "0.05", "0.1", "0.2")


def main(run: str, thresholds: tuple[str, ...]) -> None:
    folder = RunFolder.open(Path(run))
    configuration = load_configuration(folder.config_path)
    system, test = configuration.model.system, load_task(configuration.task).load("test")
    if not isinstance(system, RateSystem):
        raise SystemExit(f"{run}: not a rate-based network")
    layers = [layer.name for layer in system.network.layers]
    ways = [way for coupling in system.network.couplings for way in coupling.directions]
    print("| threshold | accuracy | messages of " + " | of ".join(layers) + " | operations "
          + " | ".join(ways) + " | samples/s |")  # fmt: skip
    print("|---" * (3 + len(layers) + len(ways)) + "|")
    for text in thresholds:
        sends = replace(system, messages=Messages("changes", float(text)))
        with FastRateSession(sends, threads=1) as session:
            session.load(folder.weights())
            tested = evaluate(EngineLearner(session), test, ACCURACY, configuration.seed)
        counts, seconds = tested.counts, tested.seconds
        phase, samples = counts.phases["free"], counts.samples
        cells = [f"{phase.layers[name].spikes / samples:.1f}" for name in layers]
        cells += [f"{phase.couplings[way].synaptic_operations / samples:,.0f}" for way in ways]
        print(
            f"| {text} | {tested.value:.2%} | "
            + " | ".join(cells)
            + f" | {samples / seconds:.0f} |"
        )


if __name__ == "__main__":
    main(sys.argv[1], tuple(sys.argv[2:]) or THRESHOLDS)

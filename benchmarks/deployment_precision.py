"""Accuracy of a run in Loihi's integers, against the unit and against bits per weight: two tables."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from eqspike.core.learner import Arrays
from eqspike.core.random_stream import Purpose
from eqspike.deploy.calibration import calibrate
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.learner import EngineLearner
from eqspike.experiment.configuration import load_configuration
from eqspike.memory import Fixed
from eqspike.systems import System
from eqspike.tasks import Split, load_task
from eqspike.tasks.metrics import ACCURACY
from eqspike.training import RunFolder, evaluate
from eqspike.training.evaluating import presentation_keys

BITS = (8, 7, 6, 5, 4, 3)
UNITS = (2_000, 4_000, 8_000, 17_000, 34_000, 68_000, 112_000, 448_000)
SEED = 0


def of_units(system: System, weights: Arrays, test: Split) -> None:
    """One line for each unit: what is lost to coarse mantissas, and what to saturating potentials."""
    print("unit     accuracy  wraps  saturated  rounding error (rms) of each coupling")
    keys = presentation_keys(SEED, Purpose.CALIBRATION, 0, 500)
    for unit in UNITS:
        with FastIntSession(system, unit=float(unit)) as session:
            session.load(weights)
            accuracy = evaluate(EngineLearner(session), test, ACCURACY, SEED).value
            met = session.extremes(test.images[:500], test.labels[:500], keys)
            arrays = session.report.arrays if session.report else {}
        output = met[system.network.output.name]
        neurons = sum(layer.size for layer in system.network.free_layers)
        steps = 500 * neurons * (system.rule.free_steps + system.rule.nudged_steps)
        errors = [f"{arrays[c.name].relative_error:.2%}" for c in system.network.couplings]
        print(
            f"{unit:<8} {accuracy:.4f}    {output.wraps:<6} {output.saturations / steps:<9.2%}  "
            f"{', '.join(errors)}",
            flush=True,
        )


def of_bits(system: System, weights: Arrays, train: Split, test: Split, samples: int) -> None:
    """One line for each width, rounded after training to steps of the largest weight; units by calibration."""
    couplings = system.network.couplings
    ranges = tuple(float(abs(weights[coupling.name]).max()) for coupling in couplings)
    batch = (
        train.images[:samples],
        train.labels[:samples],
        presentation_keys(SEED, Purpose.CALIBRATION, 0, samples),
    )
    print("\nbits  accuracy  unit")
    for bits in BITS:
        rounded = replace(system, memory=Fixed(bits, ranges, "nearest"))
        found = calibrate(rounded, weights, batch)
        with FastIntSession(rounded) as session:
            session.load_network(found.network)
            accuracy = evaluate(EngineLearner(session), test, ACCURACY, SEED).value
        print(f"{bits:<5} {accuracy:.4f}    {found.network.unit:.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--samples", type=int, default=1000, help="training samples of calibration")
    options = parser.parse_args()
    folder = RunFolder.open(options.run)
    configuration = load_configuration(folder.config_path)
    system, weights = configuration.model.system, folder.weights()
    task = load_task(configuration.task)
    train, test = task.load("train"), task.load("test")
    of_units(system, weights, test)
    of_bits(system, weights, train, test, options.samples)


if __name__ == "__main__":
    main()

"""What a nudged phase sends, and how near the gradient its rule comes: two states and difference form.

    python benchmarks/nudged_messages.py RUN [RUN...]

Each run is of a rate-based network with tied weights whose neurons send changes, after training. Its weights
are held; samples of the training set go through the free and the nudged phase in engine fast, float64, under
other forms, nudges and thresholds. Printed, as means over the runs (least and most): messages of free neurons
and synaptic operations of the nudged phase, as a share of those of the free one, with and without those from
the input; and the least cosine of any weights or biases to minus the exact gradient, which is that of the
network of values at rest, by backpropagation through time.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eqspike.analysis.gradients.rates import at_rest, free_states
from eqspike.analysis.gradients.unrolled import unroll
from eqspike.core.counts import PhaseCounts
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.core.messages import VALUES, Messages
from eqspike.core.rates import Dynamics
from eqspike.engines.fast.rates import FastRateSession
from eqspike.experiment.configuration import load_configuration
from eqspike.rules.known import nudging_of, with_nudging
from eqspike.systems import RateSystem
from eqspike.tasks import load_task
from eqspike.training import RunFolder


class Way(NamedTuple):
    """One line of the table: thresholds are of the free phase, and of the nudged one as a share of beta."""

    form: str
    beta: float
    free: float
    share: float | None


@dataclass(frozen=True)
class Found:
    """Of one run.

    Attributes:
        free, nudged: synaptic operations a sample in each phase.
        messages, operations, between: of the nudged phase as shares of the free one's; the last without the input.
        cosine: the least of any weights or biases.
    """

    free: float
    nudged: float
    messages: float
    operations: float
    between: float
    cosine: float


WAYS = (
    Way("two-states", 0.5, 0.002, None),
    *(Way("two-states", 0.1, free, None) for free in (0.0003, 0.00003, 0.0)),
    *(Way("difference", 0.1, 0.002, share) for share in (0.001, 0.01)),
    *(Way("difference", 0.01, 0.002, share) for share in (0.001, 0.003, 0.01)),
    *(Way("difference", 0.01, 0.001, share) for share in (0.001, 0.003)),
    *(Way("difference", 0.01, 0.0003, share) for share in (0.0, 0.001, 0.002, 0.003, 0.01)),
)


def measured(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, way: Way, downhill: Arrays
) -> Found:
    """One way to nudge one network."""
    nudging = replace(nudging_of(system.rule), beta=way.beta, sign="positive")
    couplings = len(system.network.couplings)
    nudged_threshold = None if way.share is None else way.share * way.beta
    asked = replace(
        system, rule=with_nudging(system.rule, nudging), precision="float64", learning_rates=(1.0,) * couplings,
        bias_rates=None, dynamics=replace(system.dynamics, form=way.form),
        messages=Messages("changes", way.free, nudged_threshold),
    )  # fmt: skip
    with FastRateSession(asked) as session:
        session.load(weights)
        session.fit(images, labels, np.arange(len(images), dtype=np.uint64), 1.0, 0)
        change = {name: array - weights[name] for name, array in session.weights().items()}
        phases = session.take_counts().phases
    free, nudged = (_sums(system, phases[name]) for name in ("free", "nudged"))
    shares = [after / before for before, after in zip(free, nudged, strict=True)]
    of_sample = (each[1] / len(images) for each in (free, nudged))
    return Found(
        *of_sample, *shares, min(_cosine(change[name], downhill[name]) for name in downhill)
    )


def _cosine(change: np.ndarray, downhill: np.ndarray) -> float:
    """0 where nothing is changed."""
    size = float(np.linalg.norm(change) * np.linalg.norm(downhill))
    return float((change * downhill).sum()) / size if size else 0.0


def _sums(system: RateSystem, phase: PhaseCounts) -> tuple[int, int, int]:
    """Messages of free neurons, synaptic operations, and those between free layers."""
    between = [way for c in system.network.couplings[1:] for way in c.directions]
    return (
        sum(phase.layers[layer.name].spikes for layer in system.network.free_layers),
        sum(each.synaptic_operations for each in phase.couplings.values()),
        sum(phase.couplings[way].synaptic_operations for way in between),
    )


def exact(system: RateSystem, weights: Arrays, images: Images, labels: Labels) -> Arrays:
    """Minus the gradient of the network of values, at rest."""
    values = replace(system, messages=VALUES, precision="float64", dynamics=Dynamics())
    rested = at_rest(values, weights, images)
    states, targets = free_states(rested, weights, images), system.targets(labels)
    steps = nudging_of(rested.rule).free_steps
    total = unroll(rested, weights, images / 255.0, targets, states, steps=steps).total
    return {name: -array for name, array in total.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--samples", type=int, default=500)
    options = parser.parse_args()
    found: dict[Way, list[Found]] = {way: [] for way in WAYS}
    for run in options.runs:
        folder = RunFolder.open(run)
        configuration = load_configuration(folder.config_path)
        system, weights = configuration.model.system, folder.weights()
        train = load_task(configuration.task).load("train")
        images, labels = train.images[: options.samples], train.labels[: options.samples]
        downhill = exact(system, weights, images, labels)
        for way in WAYS:
            found[way].append(measured(system, weights, images, labels, way, downhill))
    print("| form | beta | threshold, free | nudged / beta | operations, free | nudged | share of all "
          "| of those between free layers | of messages | cosine |")  # fmt: skip
    print("|---" * 10 + "|")
    for way, each in found.items():
        share = "" if way.share is None else f"{way.share:g}"
        sums = [
            f"{np.mean([getattr(one, key) for one in each]):,.0f}" for key in ("free", "nudged")
        ]
        shares = [
            _range([getattr(one, key) for one in each], ".1%")
            for key in ("operations", "between", "messages")
        ]
        cells = [
            way.form,
            f"{way.beta:g}",
            f"{way.free:g}",
            share,
            *sums,
            *shares,
            _range([o.cosine for o in each], ".4f"),
        ]
        print(f"| {' | '.join(cells)} |")


def _range(values: list[float], how: str) -> str:
    """Mean, least and most."""
    return f"{np.mean(values):{how}} ({min(values):{how}} - {max(values):{how}})"


if __name__ == "__main__":
    main()

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
from eqspike.analysis.gradients.spikes import compare
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
    steps: int


@dataclass(frozen=True)
class Found:
    """Shares of the free phase's messages, operations, and operations between free layers; least cosine."""

    messages: float
    operations: float
    between: float
    cosine: float


WAYS = (
    Way("two-states", 0.5, 0.002, None, 10),
    Way("two-states", 0.1, 0.002, None, 10),
    Way("two-states", 0.1, 0.0003, None, 10),
    Way("two-states", 0.1, 0.0, None, 10),
    *(Way("difference", 0.5, 0.002, share, 10) for share in (0.001, 0.01)),
    *(Way("difference", 0.1, 0.002, share, 10) for share in (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)),
    *(Way("difference", 0.01, 0.002, share, 10) for share in (0.001, 0.003, 0.01, 0.03)),
    *(Way("difference", 0.01, 0.0003, share, 10) for share in (0.001, 0.003, 0.01, 0.03)),
)


def measured(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, way: Way, downhill: Arrays
) -> Found:
    """One way to nudge one network."""
    nudging = replace(
        nudging_of(system.rule), beta=way.beta, sign="positive", nudged_steps=way.steps
    )
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
    shares = [
        _sums(system, phases["nudged"])[n] / _sums(system, phases["free"])[n] for n in range(3)
    ]
    return Found(*shares, min(each.cosine for each in compare(change, downhill).values()))


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
    print(
        "| form | beta | threshold, free | nudged / beta | messages | operations | between free layers | cosine |"
    )
    print("|---" * 8 + "|")
    for way, each in found.items():
        share = "" if way.share is None else f"{way.share:g}"
        cells = [
            _range([getattr(one, key) for one in each])
            for key in ("messages", "operations", "between")
        ]
        cosines = [one.cosine for one in each]
        print(
            f"| {way.form} | {way.beta:g} | {way.free:g} | {share} | {' | '.join(cells)} "
            f"| {np.mean(cosines):.4f} ({min(cosines):.4f} - {max(cosines):.4f}) |"
        )


def _range(shares: list[float]) -> str:
    return f"{np.mean(shares):.1%} ({min(shares):.1%} - {max(shares):.1%})"


if __name__ == "__main__":
    main()

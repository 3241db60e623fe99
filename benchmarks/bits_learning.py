"""What a network of bits does while it learns: accuracy, flips, what a nudge moves, neurons that keep silent.

    python benchmarks/bits_learning.py --limit 15000 --epochs 1
    python benchmarks/bits_learning.py --limit 15000 --epochs 1 --set 'training.initial_gain=[5, 2.5]'
    python benchmarks/bits_learning.py --set training.input_dropout=0.25

Trains in engine `fast` on the first samples of MNIST in a seeded order and prints a line an epoch: accuracy on the
test set and on the samples as they were learnt; flips of a weight, by coupling; the share of the hidden and of the
output neurons that a batch's nudges have moved in some sample, mean over the batches; of the hidden neurons, the
share that sends in an image of the test set, and the share that does so in none of it.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from eqspike.core.network import Coupling
from eqspike.engines.fast.bits import BitSession
from eqspike.experiment import resolve
from eqspike.experiment.model import Model
from eqspike.tasks import load_task
from eqspike.training.dropout import drop_inputs

TEST_BATCH = 1000


def learn(
    session: BitSession, model: Model, data: Any, epoch: int, options: argparse.Namespace
) -> float:
    """One pass over the samples in a seeded order; returns the accuracy as they were learnt."""
    generator = np.random.default_rng([options.seed, epoch])
    order = generator.permutation(len(data))
    right = 0
    for first in range(0, len(data), model.batch_size):
        part = order[first : first + model.batch_size]
        keys = (np.arange(len(part)) + first + len(data) * epoch).astype(np.uint64)
        factor = model.schedule.factor((epoch + first / len(data)) / options.epochs)
        images = drop_inputs(data.images[part], model.input_dropout, keys)
        scores = session.fit(images, data.labels[part], keys, factor, first)
        right += int((scores.argmax(1) == data.labels[part]).sum())
    return right / len(data)


def read_out(session: BitSession, data: Any) -> tuple[float, float, float]:
    """Accuracy; of the hidden neurons, the share that sends, and the share that never does."""
    right, sends = 0, []
    for first in range(0, len(data), TEST_BATCH):
        part = slice(first, first + TEST_BATCH)
        rates = session.rates(data.images[part])
        scores = session.system.scores(rates["output"])
        right += int((scores.argmax(1) == data.labels[part]).sum())
        sends.append(rates["hidden"].mean(0))
    of_neuron = np.mean(sends, axis=0)
    return right / len(data), float(of_neuron.mean()), float((of_neuron == 0).mean())


def written(session: BitSession, batches: int) -> tuple[list[float], list[float]]:
    """Flips of a weight by coupling, and the share of the neurons after it that a batch moved."""
    counts = session.take_counts().phases["update"].plasticity

    def flips(coupling: Coupling) -> float:
        return counts[coupling.name].applied_writes / (coupling.shape[0] * coupling.shape[1])

    couplings = session.system.network.couplings
    moved = [
        counts[f"{c.post.name}.bias"].applied_writes / (batches * c.post.size) for c in couplings
    ]
    return [flips(coupling) for coupling in couplings], moved


def main() -> None:
    """Train and print."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--model", default="binary-ep-wn-1024")
    parser.add_argument("--limit", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    model = resolve(arguments.model, "mnist", overrides=arguments.set).model
    system: Any = model.system
    task = load_task("mnist")
    train, test = task.load("train").limit(arguments.limit), task.load("test")
    print("epoch, test, as learnt; flips; moved; hidden: sends, silent", " ".join(arguments.set))
    with BitSession(system, arguments.seed) as session:
        for epoch in range(arguments.epochs):
            learnt = learn(session, model, train, epoch, arguments)
            flips, moved = written(session, -(-len(train) // model.batch_size))
            accuracy, sends, silent = read_out(session, test)
            print(
                f"{epoch + 1}: {accuracy:.2%} {learnt:.2%}; flips", *(f"{each:.3f}" for each in flips),
                "; moved", *(f"{each:.3f}" for each in moved), f"; hidden {sends:.3f} {silent:.3f}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()

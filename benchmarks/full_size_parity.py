"""The fast engine against Brian2 at full size (784-100-10): neurons, encoders, memories and online learning.

Each system first learns from `--trained` images in the fast engine (online, from a tenth of them). Then both
engines present `--samples` test images through both phases, learn from them, and read them out. One row a
system; status 1 if any differs.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

from eqspike.core.random_stream import draws
from eqspike.experiment import load_model, open_session
from eqspike.experiment.parity import compare
from eqspike.memory import Fixed, Ideal
from eqspike.memory.fixed import ROUNDINGS
from eqspike.systems import System
from eqspike.tasks import load_task
from eqspike.tasks.encoders import ENCODERS

MODELS = {"sigma-delta": "eqspike-100", "current-based": "eqspike-100-loihi"}
BATCH = 20


def systems() -> dict[str, System]:
    """Systems by title: every neuron with every encoder, every memory, and online learning."""
    found: dict[str, System] = {}
    for neuron, model in MODELS.items():
        system = replace(load_model(model).system, precision="float64")
        for kind in ENCODERS:
            encoder = replace(system.encoder, kind=kind)
            found[f"{neuron}, {kind}, ideal"] = replace(system, encoder=encoder)
        memories = {f"8 bits {name}": Fixed(8, (0.2, 0.3), name) for name in ROUNDINGS}
        for title, memory in memories.items():
            found[f"{neuron}, {system.encoder.kind}, {title}"] = replace(system, memory=memory)
        for title, memory in {"ideal": Ideal(), **memories}.items():
            online = replace(system, memory=memory, rule=replace(system.rule, online=True))
            if title in ("ideal", "8 bits stochastic"):
                found[f"{neuron}, {system.encoder.kind}, {title}, online"] = online
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="brian2")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--trained", type=int, default=1000)
    parser.add_argument("--only", default="", help="systems whose title contains this")
    options = parser.parse_args()
    task = load_task("mnist-sample")
    train, test = (
        task.load("train").limit(options.trained),
        task.load("test").limit(options.samples),
    )
    print(
        "| system | spikes | differing | potential error | weight error | counts |\n|---|---|---|---|---|---|"
    )
    holds = True
    for title, system in systems().items():
        if options.only not in title:
            continue
        with open_session(system) as session:
            keys = draws(1, np.arange(len(train), dtype=np.uint64))
            batch, samples, factor = (
                (1, len(train) // 10, 0.05) if system.rule.online else (BATCH, len(train), 1.0)
            )
            for first in range(0, samples, batch):
                part = slice(first, first + batch)
                session.fit(train.images[part], train.labels[part], keys[part], factor, first)
            weights = session.weights()
        keys = draws(2, np.arange(len(test), dtype=np.uint64))
        found = compare(system, weights, (test.images, test.labels, keys), ("fast", options.engine))
        holds &= found.holds
        print(
            f"| {title} | {found.events} | {found.differing_events} | {found.max_state_difference:g} | "
            f"{found.max_weight_error:.2g} | {'equal' if found.counts_equal else 'differ'} |",
            flush=True,
        )
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())

"""Printing rules and random streams for the learning kernel, and running it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.rule_text import LoihiRule
from eqspike.chips.loihi.traces import LARGEST_TRACE, scaled_product
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast.inputs import Source, make_source
from eqspike.engines.fast.layout import Layout
from eqspike.engines.fast_int.learning import Carried, Rules, present_learning
from eqspike.engines.fast_int.simulator import IntegerSimulator
from eqspike.engines.fast_int.state import make_state
from eqspike.engines.loihi_learning import loihi_rules
from eqspike.engines.parameters import nudge_signs
from eqspike.engines.protocol import Images, Keys, Labels

TRACE_STREAM = 1 << 32
"""Separates the random streams of traces from those of weights."""


def learn(
    simulator: IntegerSimulator, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int
) -> NDArray[np.float64]:  # fmt: skip
    """Present samples one after the other and change the simulator's mantissas in place.

    The first sample starts from registers, traces and tags at rest.

    Returns:
        Scores of the free phases: (samples, outputs).
    """
    system, layout = simulator.system, simulator.layout
    rule, couplings = system.rule, len(system.network.couplings)
    source = make_source(
        system.encoder, rule.free_steps, rule.nudged_steps, "int32", complement=False
    )
    rules = loihi_rules(system, rate_factor)
    scores = np.zeros((len(images), system.network.output.size))
    present_learning(
        images, labels, nudge_signs(system, keys), keys, _streams(write_key, len(images), couplings, 1)[:, :, 0],
        _streams(write_key + TRACE_STREAM, len(images), couplings, 2), rule.free_steps, rule.nudged_steps,
        rule.readout_steps, layout, source, simulator.dynamics, simulator.weights, make_rules(rules),
        _at_rest(layout, len(rules[0].traces)), make_state(layout),
        _scratch(layout, source, rule.free_steps + rule.nudged_steps), simulator.tallies[0], scores,
    )  # fmt: skip
    return scores


def make_rules(rules: tuple[LoihiRule, ...]) -> Rules:
    """Print the rules of all couplings as tables; all have the same traces and at most four products."""
    values = np.arange(LARGEST_TRACE + 1)
    couplings, products = len(rules), max(len(rule.products) for rule in rules)
    traces = len(rules[0].traces)
    change = np.zeros((couplings, products, 2, len(values)), np.int32)
    sides = np.full((couplings, products), -1, np.int64)
    read = np.zeros((couplings, products), np.int64)
    kept = np.zeros((couplings, traces, len(values)), np.int32)
    chance = np.zeros((couplings, traces, len(values)), np.uint64)
    impulses = np.zeros((couplings, traces), np.int32)
    for index, rule in enumerate(rules):
        for place, product in enumerate(rule.products):
            for negative in range(2):
                factors = values * rule.gate.value(3 if negative else 1)
                change[index, place, negative] = scaled_product(
                    factors, rule.gate.factor_bits, product.mantissa, product.exponent
                )
            sides[index, place] = 0 if product.spike == "pre" else 1
            read[index, place] = product.trace
        for place, trace in enumerate(rule.traces):
            left = np.exp(-1.0 / trace.tau) * values
            kept[index, place] = np.floor(left)
            chance[index, place] = np.ceil((left - np.floor(left)) * 2.0**53)
            impulses[index, place] = trace.impulse
    return Rules(change, sides, read, kept, chance, impulses)


def _streams(key: int, samples: int, couplings: int, sides: int) -> NDArray[np.uint64]:
    """Random stream of each sample, coupling and side."""
    streams = [
        [[stream_key(key, sample, coupling, side) for side in range(sides)] for coupling in range(couplings)]
        for sample in range(samples)
    ]  # fmt: skip
    return np.array(streams, np.uint64)


def _at_rest(layout: Layout, traces: int) -> Carried:
    shape = (len(layout.sizes) - 1, traces, int(max(layout.sizes)))
    return Carried(np.zeros(3, np.int64), np.zeros(shape, np.int32), np.zeros(shape, np.int32))


def _scratch(layout: Layout, source: Source, steps: int) -> tuple[NDArray[np.generic], ...]:
    pixels = int(layout.sizes[0])
    return (
        np.zeros(pixels, np.int64),
        np.zeros(pixels, np.int64),
        np.zeros(pixels + 1, np.int64),
        np.zeros((steps if source.poisson else 0, pixels), np.uint8),
        np.zeros(pixels, np.int32),
        np.zeros(1, np.int32),
        np.zeros((4, int(max(layout.sizes))), np.int32),
    )

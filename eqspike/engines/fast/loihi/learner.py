"""Printing rules and random streams for the learning kernel, and running it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi.rule_text import LoihiRule
from eqspike.chips.loihi.traces import LARGEST_TRACE, scaled_product
from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.phases import nudge_signs
from eqspike.core.random_stream import stream_key
from eqspike.engines.fast.inputs import Source, make_source
from eqspike.engines.fast.layout import Layout
from eqspike.engines.fast.loihi.learning import Carried, Draws, Rules, present_learning
from eqspike.engines.fast.loihi.simulator import IntegerSimulator
from eqspike.engines.fast.loihi.state import make_state
from eqspike.engines.integers.loihi_learning import POST_SEED, ROUNDING_SEED, loihi_rules, rule_seed

TRACE_STREAM = 1 << 32
"""Separates the random streams of traces from those of weights."""


def learn(
    simulator: IntegerSimulator, images: Images, labels: Labels, keys: Keys, rate_factor: float, write_key: int,
    as_lava: bool = False,
) -> NDArray[np.float64]:  # fmt: skip
    """Present samples one after the other and change the simulator's mantissas in place.

    The first sample starts from registers, traces and tags at rest. With `as_lava`, random numbers are those that
    Lava would draw, and the transposed copies learn by themselves.

    Returns:
        Scores of the free phases: (samples, outputs).
    """
    system, layout = simulator.system, simulator.layout
    rule, couplings = system.rule, len(system.network.couplings)
    source = make_source(
        system.encoder, [phase.steps for phase in rule.phases], "int32", complement=False
    )
    rules = loihi_rules(system, rate_factor)
    scores = np.zeros((len(images), system.network.output.size))
    if as_lava:
        draws = _lavas_draws(write_key, couplings, len(images), rule.free_steps + rule.nudged_steps)
    else:
        draws = _own_draws(write_key, len(images), couplings)
    signs = nudge_signs(rule.phases[1].nudge, keys)
    present_learning(
        images, labels, signs, keys, draws, rule.free_steps, rule.nudged_steps,
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
    sides = np.full((2, couplings, products), -1, np.int64)
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
            sides[:, index, place] = (0, 1) if product.spike == "pre" else (1, 0)
            read[index, place] = product.trace
        for place, trace in enumerate(rule.traces):
            left = np.exp(-1.0 / trace.tau) * values
            kept[index, place] = np.floor(left)
            chance[index, place] = np.ceil((left - np.floor(left)) * 2.0**53)
            impulses[index, place] = trace.impulse
    return Rules(change, sides, read, kept, chance, impulses)


def _own_draws(write_key: int, samples: int, couplings: int) -> Draws:
    """A stream for each sample, coupling and side."""
    return Draws(
        _streams(write_key, samples, couplings, 1)[:, :, 0].copy(),
        _streams(write_key + TRACE_STREAM, samples, couplings, 2),
        False,
        np.zeros(1, np.uint64),
        np.zeros((2, couplings, 2, 1), np.uint64),
    )


def _lavas_draws(write_key: int, couplings: int, samples: int, steps: int) -> Draws:
    """What Lava 0.10 draws from its seeds: see `engines.integers.loihi_learning`."""
    total = samples * steps
    carry = np.zeros((2, couplings, 2, total), np.uint64)
    for copy, coupling, side in np.ndindex(carry.shape[:3]):
        seed = rule_seed(write_key, coupling, transposed=copy == 1) + POST_SEED * side
        # The generator is asked twice a step, after once at the start.
        numbers = np.random.default_rng(seed).random(2 * total + 1)[2::2]
        carry[copy, coupling, side] = numbers * 2.0**53
    rounding = np.random.default_rng(ROUNDING_SEED).random(total + 1)[1:] * 2.0**53
    keys = np.zeros((samples, couplings, 2), np.uint64)
    return Draws(keys[:, :, 0].copy(), keys, True, rounding.astype(np.uint64), carry)


def _streams(key: int, samples: int, couplings: int, sides: int) -> NDArray[np.uint64]:
    """Random stream of each sample, coupling and side."""
    streams = [
        [[stream_key(key, sample, coupling, side) for side in range(sides)] for coupling in range(couplings)]
        for sample in range(samples)
    ]  # fmt: skip
    return np.array(streams, np.uint64)


def _at_rest(layout: Layout, traces: int) -> Carried:
    shape = (2, len(layout.sizes) - 1, traces, int(max(layout.sizes)))
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
        np.zeros(2, np.int64),
    )

"""The spiking rule's expected update, of a system as it is and of slower ones.

The longer the phases and the slower the filters, the nearer a network of sigma-delta neurons comes to the rate
network: a trace then averages many spikes, and so does a neuron's drive, whose fluctuations otherwise round off
the kinks of the clip.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.core.neurons import SigmaDelta
from eqspike.core.random_stream import draws, stream_key
from eqspike.core.stages import each
from eqspike.rules import EqSpike
from eqspike.systems import System

LIMIT_PHASES, LIMIT_FILTERS = 64, 8
"""In the limit, phases are lengthened by the first and the filters of traces and neurons by the second."""

_POISSON_PRESENTATIONS = 16


def spiking_update(
    system: System, images: Images, labels: Labels, weights: Arrays, seed: int
) -> Arrays:
    """Change the spiking rule asks on average over samples, signs of beta and drawn spikes, by name."""
    from eqspike.engines.fast import FastSession

    drawn = system.encoder.kind == "poisson"
    presentations = _POISSON_PRESENTATIONS if drawn else 1
    signs = (1, -1) if system.rule.both_signs else (1,)
    total = {name: np.zeros_like(array) for name, array in weights.items()}
    for sign in signs:
        beta = sign * system.rule.beta
        rule = replace(system.rule, beta=beta, random_sign=False, alternating=False)
        with FastSession(replace(system, rule=rule)) as session:
            session.load(weights)
            for presentation in each("presentations", range(presentations)):
                positions = np.arange(len(images), dtype=np.uint64)
                keys = draws(stream_key(seed, presentation), positions)
                for name, change in session.changes(images, labels, keys).items():
                    total[name] += change / (len(signs) * presentations)
    return total


def lengthened(system: System, phases: int, traces: int) -> System:
    """The system with phases `phases` times as long and traces `traces` times slower."""
    rule = system.rule
    slower = replace(
        rule,
        free_steps=rule.free_steps * phases,
        nudged_steps=rule.nudged_steps * phases,
        tau_fast=rule.tau_fast * traces,
        tau_slow=rule.tau_slow * traces,
    )
    return replace(system, rule=slower)


def limit(system: System) -> System:
    """The system with slow neurons and phases much longer than its slow traces: very nearly the rate network.

    Phases are `LIMIT_PHASES` times as long; traces and the filters of the neurons `LIMIT_FILTERS` times slower.

    Raises:
        UnsupportedError: for another neuron, whose rate is not the clip of its drive.
    """
    neuron = system.neuron
    if type(neuron) is not SigmaDelta:
        raise UnsupportedError(
            "the gradient check needs neurons whose rate is the clip of their drive, got a "
            f"{neuron.kind} neuron (another rate curve); set neuron.kind to sigma-delta"
        )
    slower = replace(
        neuron,
        synaptic_filter=neuron.synaptic_filter / LIMIT_FILTERS,
        relaxation=neuron.relaxation / LIMIT_FILTERS,
    )
    return lengthened(replace(system, neuron=slower), LIMIT_PHASES, LIMIT_FILTERS)


def kept_share(rule: EqSpike) -> float:
    """Part of a rate's step at the start of the nudged phase that (fast - slow) has summed up at its end.

    1 - (tau_slow exp(-T / tau_slow) - tau_fast exp(-T / tau_fast)) / (tau_slow - tau_fast)

    T being the length of the nudged phase.
    """
    fast, slow, steps = rule.tau_fast, rule.tau_slow, rule.nudged_steps
    lost = slow * np.exp(-steps / slow) - fast * np.exp(-steps / fast)
    return float(1 - lost / (slow - fast))


def stored_weights(system: System, weights: Arrays) -> Arrays:
    """What the system's memory makes of weights.

    Raises:
        ConfigError: for a missing or unknown name, a wrong shape or a value that is not finite.
    """
    from eqspike.engines.fast import FastSession

    with FastSession(system) as session:
        session.load(weights)
        return session.weights()

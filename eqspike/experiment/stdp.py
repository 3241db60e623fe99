"""From a run folder to its weight changes against spike lag, their figure and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.analysis.stdp import (
    BASELINES,
    LAGS,
    Evaluations,
    Pairs,
    Simulate,
    Window,
    evaluations,
    input_half,
    joined,
    pair_protocol,
    summed_change,
)
from eqspike.analysis.stdp_figure import stdp_figure
from eqspike.analysis.style import save
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.network import Coupling
from eqspike.core.random_stream import draws, stream_key
from eqspike.experiment.configuration import load_configuration
from eqspike.experiment.data import image_task
from eqspike.experiment.parity import watched
from eqspike.experiment.sessions import open_session
from eqspike.rules.known import require_eqspike
from eqspike.systems import System
from eqspike.training import RunFolder

_BLOCK = 20

Spikes = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Stdp:
    """Weight change against spike lag, of one run.

    Attributes:
        title: one line for people; system: the physics; samples: number presented.
        pairs: the pair protocol on each baseline.
        in_situ: by coupling and sign of beta (`positive`, `negative`; `both`, if the model draws the sign).
    """

    title: str
    system: System
    samples: int
    pairs: tuple[Pairs, ...]
    in_situ: Mapping[str, Mapping[str, Evaluations]]


def measure_stdp(run: Path, samples: int, engine: str = "fast") -> Stdp:
    """Run the pair protocol with the run's rule, and look at its weights at work on training samples.

    Samples are drawn at random. If the model draws the sign of beta, each is presented with both signs. The
    network is simulated in float64 whatever the model's precision, so that all engines see the same spikes.

    Args:
        engine: what presents the samples; with `brian2`, pairs too are Brian2 synapses, else plain NumPy.

    Raises:
        ConfigError: if there are not as many training samples.
        UnsupportedError: for an engine that does not show its spikes, or another rule than EqSpike.
    """
    folder = RunFolder.open(run)
    configuration = load_configuration(folder.config_path)
    system = configuration.model.spiking_system("weight change against spike lag")
    require_eqspike(system.rule)
    weights = folder.weights()
    task = image_task(configuration)
    train = task.load("train")
    if not 1 <= samples <= len(train):
        raise ConfigError(
            f"--samples must be from 1 to {len(train)} (the training set's samples), got {samples}"
        )
    chosen = np.random.default_rng(configuration.seed).permutation(len(train))[:samples]
    system = replace(system, precision="float64")
    batch = train.images[chosen], train.labels[chosen]
    found = in_situ(system, weights, *batch, configuration.seed, engine)
    simulate = _simulator(engine)
    pairs = (
        pair_protocol(system.rule.local_rule, *baseline, simulate=simulate)
        for baseline in BASELINES
    )
    title = f"{configuration.model.title}, {task.title}"
    return Stdp(title, system, samples, tuple(pairs), found)


def _simulator(engine: str) -> Simulate:
    """What runs the rule over prescribed spike trains."""
    if engine.split(":")[0] != "brian2":
        return summed_change
    from eqspike.engines import brian2

    return brian2.summed_change


def in_situ(
    system: System, weights: Arrays, images: Images, labels: Labels, seed: int, engine: str = "fast"
) -> dict[str, dict[str, Evaluations]]:
    """Every evaluation of the rule while samples are presented, by coupling and sign of beta.

    Nothing is written to the weights. A coupling whose input does not spike has no lags and is left out.
    """
    keys = draws(stream_key(seed), np.arange(len(images), dtype=np.uint64))
    couplings = [c for c in system.network.couplings if c.bidirectional or system.encoder.spikes]
    found: dict[str, dict[str, Evaluations]] = {coupling.name: {} for coupling in couplings}
    beta = system.rule.beta
    nudges = {"positive": beta, "negative": -beta} if system.rule.both_signs else {"positive": beta}
    for name, signed in nudges.items():
        rule = replace(system.rule, beta=signed, random_sign=False, alternating=False)
        nudged = replace(system, rule=rule)
        spikes = _present(nudged, weights, (images, labels, keys), engine)
        for coupling in couplings:
            found[coupling.name][name] = _evaluated(nudged, coupling, spikes)
    if len(nudges) > 1:
        for of_coupling in found.values():
            of_coupling["both"] = joined(list(of_coupling.values()))
    return found


def _present(
    system: System, weights: Arrays, batch: tuple[Images, Labels, Keys], engine: str
) -> dict[str, NDArray[Any]]:
    """Spikes of all layers through both phases, (samples, steps, neurons) by name."""
    images, labels, keys = batch
    steps = system.rule.free_steps + system.rule.nudged_steps
    sent = [
        system.encoder.encode(image, steps, int(key)).astype(np.float32)
        for image, key in zip(images, keys, strict=True)
    ]
    blocks: list[Spikes] = []
    with open_session(system, 0, engine) as opened:
        session = watched(opened, engine)
        session.load(weights)
        for first in range(0, len(images), _BLOCK):
            part = slice(first, first + _BLOCK)
            spikes, _ = session.trace(images[part], labels[part], keys[part])
            blocks.append(spikes)
    free = [layer.name for layer in system.network.free_layers]
    result = {name: np.concatenate([block[name] for block in blocks]) for name in free}
    return {system.network.input.name: np.array(sent), **result}


def _evaluated(system: System, coupling: Coupling, spikes: Spikes) -> Evaluations:
    """Every evaluation at one coupling, all samples together."""
    rule = system.rule.local_rule
    return joined(
        [
            evaluations(
                rule if coupling.bidirectional else input_half(rule),
                coupling,
                pre.astype(float),
                post.astype(float),
                system.rule.free_steps,
                system.rule.beta,
            )
            for pre, post in zip(spikes[coupling.pre.name], spikes[coupling.post.name], strict=True)
        ]
    )


def draw_stdp(stdp: Stdp, run: Path, out: Path | None = None) -> Path:
    """Write the figure into the folder `out`, by default the run's own; returns the file.

    Raises:
        MissingPackageError: if matplotlib is not installed.
    """
    figure = stdp_figure(stdp.system.rule.local_rule, stdp.pairs, stdp.in_situ, stdp.title)
    folder = RunFolder.open(run)
    with folder.adding(out):
        return save(figure, (out or folder.plots) / "stdp.png")


def as_json(stdp: Stdp) -> dict[str, Any]:
    """Plain JSON data; what was never seen is null."""
    return {
        "samples": stdp.samples,
        "beta": stdp.system.rule.beta,
        "rule": stdp.system.rule.local_rule.as_text(),
        "lags": LAGS.tolist(),
        "pairs": [
            {
                "rate": pairs.rate,
                "pattern": pairs.pattern,
                "own": pairs.own.tolist(),
                "total": _window(pairs.total),
            }
            for pairs in stdp.pairs
        ],
        "in_situ": {
            coupling: {nudge: _evaluations(seen) for nudge, seen in nudges.items()}
            for coupling, nudges in stdp.in_situ.items()
        },
    }


def _evaluations(seen: Evaluations) -> dict[str, Any]:
    window = seen.window()
    return {
        "evaluations": seen.events,
        "sum": seen.total,
        "explained_by_lag": seen.explained,
        "symmetry": _number(window.symmetry),
        **_window(window),
    }


def _window(window: Window) -> dict[str, list[float | None]]:
    return {
        name: [_number(value) for value in getattr(window, name)]
        for name in ("mean", "low", "high", "events")
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

"""All figures of a trained network, computed and written to a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eqspike.analysis.figures import learning_curve, rate_distribution, receptive_fields
from eqspike.analysis.raster import Presentation, spike_raster
from eqspike.analysis.style import save
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.core.random_stream import draws, stream_key
from eqspike.rules.known import require_eqspike
from eqspike.systems import System

if TYPE_CHECKING:
    from eqspike.engines.fast import FastSession

RATE_SAMPLES = 200
"""Test samples over which the rate distribution is taken, at most."""

_BLOCK = 20


@dataclass(frozen=True)
class Trained:
    """A trained network and the samples it is shown.

    Attributes:
        title: one line for people, such as model and task.
        system: the physics; weights: by name.
        metrics: one record per completed epoch.
        images: levels, (samples, pixels); labels: (samples,); image_shape: such as (28, 28).
        seed: of the presentations.
    """

    title: str
    system: System
    weights: Arrays
    metrics: Sequence[Mapping[str, Any]]
    images: Images
    labels: Labels
    image_shape: tuple[int, ...]
    seed: int = 0


def save_all(trained: Trained, sample: int, out: Path) -> list[Path]:
    """Draw every figure the network allows into the folder `out`.

    Receptive fields are left out if images have no rows and columns.

    Args:
        sample: index of the sample whose spikes are drawn.

    Returns:
        The files written.

    Raises:
        ConfigError: if there is no such sample.
        UnsupportedError: for another spiking rule than EqSpike.
        RunError: if no epoch has been completed.
        MissingPackageError: if matplotlib is not installed.
    """
    if not 0 <= sample < len(trained.images):
        raise ConfigError(
            f"--sample must be from 0 to {len(trained.images) - 1} (the test set's samples), got {sample}"
        )
    require_eqspike(trained.system.rule)
    paths = [save(learning_curve(trained.metrics, trained.title), out / "learning_curve.png")]
    if len(trained.image_shape) == 2:
        coupling = trained.system.network.couplings[0].name
        fields = receptive_fields(trained.weights[coupling], trained.image_shape)
        paths.append(save(fields, out / "receptive_fields.png"))
    shown, rates = _present(trained, sample)
    paths.append(save(spike_raster(shown), out / "spike_raster.png"))
    paths.append(save(rate_distribution(rates), out / "rate_distribution.png"))
    return paths


def _present(trained: Trained, sample: int) -> tuple[Presentation, dict[str, NDArray[np.float64]]]:
    """One sample spike by spike, and the hidden rates for many; the nudge always pulls towards the target."""
    from eqspike.engines.fast import FastSession

    system = trained.system
    keys = draws(stream_key(trained.seed), np.arange(len(trained.images), dtype=np.uint64))
    rule = replace(system.rule, random_sign=False, alternating=False)
    toward_target = replace(system, rule=rule)
    with FastSession(toward_target) as session:
        session.load(trained.weights)
        return _shown(trained, session, sample, keys), _hidden_rates(trained, session, keys)


def _shown(trained: Trained, session: FastSession, sample: int, keys: Keys) -> Presentation:
    rule = trained.system.rule
    one = slice(sample, sample + 1)
    image = trained.images[sample]
    spikes, _ = session.trace(trained.images[one], trained.labels[one], keys[one])
    scores = session.scores(trained.images[one], keys[one])
    steps = rule.free_steps + rule.nudged_steps
    return Presentation(
        image.reshape(trained.image_shape),
        int(trained.labels[sample]),
        int(scores[0].argmax()),
        trained.system.encoder.encode(image, steps, int(keys[sample])),
        {name: of_layer[0] for name, of_layer in spikes.items()},
        rule.free_steps,
    )


def _hidden_rates(
    trained: Trained, session: FastSession, keys: Keys
) -> dict[str, NDArray[np.float64]]:
    """Free-phase rates of each hidden layer, (samples, neurons)."""
    free_steps = trained.system.rule.free_steps
    hidden = [layer.name for layer in trained.system.network.free_layers[:-1]]
    blocks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in hidden}
    count = min(RATE_SAMPLES, len(trained.images))
    for first in range(0, count, _BLOCK):
        part = slice(first, min(first + _BLOCK, count))
        spikes, _ = session.trace(trained.images[part], trained.labels[part], keys[part])
        for name in hidden:
            blocks[name].append(spikes[name][:, :free_steps].mean(1))
    return {name: np.concatenate(parts) for name, parts in blocks.items()}

"""Noticing that a run has gone wrong, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import EventCounts, spiking
from eqspike.core.errors import ActivityError
from eqspike.core.showing import counted
from eqspike.training.files import Arrays

SATURATED = 0.98
"""Mean rate (spikes per neuron and step) of a layer that no longer carries information."""

LARGEST_WEIGHT = 64.0
"""Beyond this a single spike saturates its targets for many steps, and float32 sums are no longer exact."""

_FEW = 0.05
"""Accuracy that luck may add, above which samples are too few to tell a run that learns from one that does not."""

_RATES = "learning rates (under 'training')"
"""Networks of spikes and of rates have one for each coupling, learners in PyTorch one for all: no key is named."""

_ADVICE = f"lower the {_RATES} or beta and start again, or resume from an earlier checkpoint"


def check_weights(weights: Arrays) -> None:
    """Refuse weights so large that the run has gone astray.

    Raises:
        ActivityError: naming the array.
    """
    check_state(weights)
    for name, array in weights.items():
        largest = float(np.abs(array).max(initial=0.0))
        if largest > LARGEST_WEIGHT:
            raise ActivityError(
                f"weights '{name}' have run away: one is {largest:.3g}, the limit is {LARGEST_WEIGHT:g}; {_ADVICE}"
            )


def check_state(state: Arrays) -> None:
    """Refuse arrays that are not finite; what is kept beside weights (`input-hidden.writes`) may be large.

    Raises:
        ActivityError: naming the array.
    """
    for name, array in state.items():
        if not np.isfinite(array).all():
            raise ActivityError(
                f"weights '{name}' are no longer finite (NaN or infinity); {_ADVICE}"
            )


def at_chance(accuracies: Sequence[float], labels: NDArray[Any], split: str = "test") -> str:
    """What to say of a run whose accuracy never rose above chance; empty if it did.

    Chance is the share of the most frequent class; three standard deviations of a share of so many samples are
    taken for luck.

    Args:
        accuracies: of every epoch; labels: of the samples it was judged on, which are called `split`.
    """
    if not accuracies or not len(labels):
        return ""
    _, numbers = np.unique(labels, return_counts=True)
    chance = float(numbers.max() / len(labels))
    luck = 3.0 * float(np.sqrt(chance * (1.0 - chance) / len(labels)))
    best, reached = max(accuracies), chance + luck
    if best > reached:
        return ""
    epochs = counted(len(accuracies), "epoch")
    found = f"best {split} accuracy {best:.3f} on {len(labels):,} samples in {epochs}"
    bar = f"always naming one class, with luck, reaches {reached:.3f}"
    if luck > _FEW:
        return f"too few to tell: {found}; {bar}; judge the run on more samples"
    return (
        f"nothing was learnt: {found}; {bar}; more samples or epochs, or other {_RATES}, may help, and "
        "'eqspike plot RUN' draws what happened"
    )


def check_activity(counts: EventCounts) -> None:
    """Refuse activity in which every neuron of a layer fires always, or a hidden layer never fires.

    Raises:
        ActivityError: naming the layer and its mean rate.
    """
    free = counts.phases.get("free")
    if free is None:
        return
    layers = [(name, layer) for name, layer in free.layers.items() if spiking(free, name)]
    for name, layer in layers:
        rate = layer.spikes / layer.neuron_updates
        if rate >= SATURATED:
            raise ActivityError(
                f"activity has run away: layer '{name}' fires {rate:.3f} spikes per neuron and step; {_ADVICE}"
            )
    for name, layer in layers[:-1]:
        if layer.spikes == 0:
            raise ActivityError(
                f"activity has died out: layer '{name}' no longer spikes; {_ADVICE}, or raise "
                "training.initial_gain"
            )

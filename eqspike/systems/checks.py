"""What engines refuse before anything runs: images, labels and networks that do not fit."""

from __future__ import annotations

import numpy as np

from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.learner import Images, Labels
from eqspike.core.rates import refuse_convolutions, refuse_thresholds
from eqspike.rules.refusals import refuse_network
from eqspike.systems.system import AnySystem, RateSystem


def refuse_impossible(system: AnySystem) -> None:
    """Refuse a combination that the mathematics refuses, whatever runs it.

    Raises:
        UnsupportedError: saying why.
    """
    if system.network.one_way:
        raise UnsupportedError(
            "a network whose couplings run one way has no error to send back; it can be deployed, not trained"
        )
    if isinstance(system, RateSystem):
        system.dynamics.refuse(system.neuron)
        refuse_convolutions(system.network, system.feedback, system.messages)
        refuse_thresholds(system.dynamics, system.messages)
        refuse_network(system.rule, system.feedback, system.dynamics)


def check_images(images: Images, pixels: int) -> None:
    """Kernels read memory unchecked, so what does not fit is refused before."""
    if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != pixels:
        raise ConfigError(
            f"images must be uint8 of shape (samples, {pixels}), got {images.dtype} of {images.shape}"
        )


def check_labels(labels: Labels, samples: int, outputs: int) -> None:
    """Refuse a batch without samples, or labels that no output neuron stands for."""
    if samples == 0:
        raise ConfigError("a batch must hold at least one image, got none")
    if labels.shape != (samples,):
        raise ConfigError(
            f"labels must be one for each of {samples} images, got shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= outputs:
        raise ConfigError(
            f"labels must be from 0 to {outputs - 1}, got {labels.min()} to {labels.max()}"
        )

"""All figures of a trained rate-based network: those of `analysis.run_figures` that need no spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqspike.analysis.figures import learning_curve, rate_distribution, receptive_fields
from eqspike.analysis.run_figures import RATE_SAMPLES
from eqspike.analysis.style import save
from eqspike.core.learner import Arrays, Images
from eqspike.systems import RateSystem


def save_rate_figures(
    title: str, system: RateSystem, weights: Arrays, metrics: Sequence[Mapping[str, Any]], images: Images,
    image_shape: tuple[int, ...], out: Path,
) -> list[Path]:  # fmt: skip
    """Draw every figure the network allows into the folder `out`; returns the files written.

    Receptive fields (of a convolution: its kernels) are left out if images have no rows and columns, rates if they
    can be negative.

    Args:
        weights: by name; metrics: one record per completed epoch; images: levels, (samples, pixels).

    Raises:
        RunError: if no epoch has been completed.
        MissingPackageError: if matplotlib or PyTorch is not installed.
    """
    paths = [save(learning_curve(metrics, title), out / "learning_curve.png")]
    first = system.network.couplings[0]
    seen = first.shape[1:3] if first.convolution else image_shape
    if len(image_shape) == 2:
        fields = receptive_fields(
            weights[first.name].reshape(-1, first.shape[-1]),
            seen,
            kernels=first.convolution is not None,
        )
        paths.append(save(fields, out / "receptive_fields.png"))
    rates = _hidden_rates(system, weights, images[:RATE_SAMPLES])
    if min(of_layer.min() for of_layer in rates.values()) >= 0:
        figure = rate_distribution(rates, "rate at the end of the free phase")
        paths.append(save(figure, out / "rate_distribution.png"))
    return paths


def _hidden_rates(system: RateSystem, weights: Arrays, images: Images) -> Arrays:
    from eqspike.engines.torch import TorchSession

    with TorchSession(system) as session:
        session.load(weights)
        rates = session.rates(images)
    return {layer.name: rates[layer.name] for layer in system.network.free_layers[:-1]}

"""Deep convolutional Hopfield networks: kernels of 3 with max pooling by 2, clipped; linear outputs.

Source: Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023, arXiv:2312.15103: widths, gains and phases as in the
authors' public code.
"""

from __future__ import annotations

from collections.abc import Sequence

from eqspike.core.convolution import Convolution, Pooling
from eqspike.core.errors import ConfigError
from eqspike.nn.energy_block import EnergyBlock
from eqspike.nn.settings import EnergySettings
from eqspike.nn.structure import EnergyLayer

DCHN_WIDTHS = {"dchn": (128, 256, 512, 512), "dchn-quarter": (32, 64, 128, 128)}
"""Channels from the input: as published, and a quarter of them, with a sixteenth of the operations."""

DCHN_SETTINGS = EnergySettings(beta=0.25, nudged_steps=15, curvature=1.0)
"""Of the published study: centered, 60 free and 15 nudged steps, half the squared error; stopped at rest."""


def dchn(
    widths: str | Sequence[int] = "dchn", image: Sequence[int] = (1, 32, 32), classes: int = 10,
    settings: EnergySettings = DCHN_SETTINGS, gains: Sequence[float] | float = 0.5,
) -> EnergyBlock:  # fmt: skip
    """A deep convolutional Hopfield network.

    Args:
        widths: key of `DCHN_WIDTHS`, or channels of each layer.
        image: channels, rows, columns.
        gains: of initial weights of each layer and the outputs, or one for all.

    Raises:
        ConfigError: for unknown widths, gains of another number, or images too small for so many layers.
    """
    if isinstance(widths, str) and widths not in DCHN_WIDTHS:
        raise ConfigError(f"dchn: widths must be one of {', '.join(DCHN_WIDTHS)}, got {widths!r}")
    channels = DCHN_WIDTHS[widths] if isinstance(widths, str) else widths
    each = list(gains) if isinstance(gains, Sequence) else [gains] * (len(channels) + 1)
    if len(each) != len(channels) + 1:
        raise ConfigError(
            f"dchn: gains must be one number, or {len(channels) + 1}: of each layer and of the outputs, got "
            f"{len(each)}"
        )
    how = Convolution(3, 1, Pooling("max", 2))
    layers = [
        EnergyLayer(size, how, gain=gain) for size, gain in zip(channels, each[:-1], strict=True)
    ]
    return EnergyBlock(
        image, [*layers, EnergyLayer(classes, activation="linear", gain=each[-1])], settings
    )

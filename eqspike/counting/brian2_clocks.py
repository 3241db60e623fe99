"""Time of a Brian2 network in whole steps of its finest clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.brian2_layers import Layer
from eqspike.counting.connections import Ints

_TOLERANCE = 1e-4
"""Part of a step by which a time in seconds may miss a whole number of steps."""


@dataclass(frozen=True)
class Presentations:
    """Samples presented one after the other.

    Attributes:
        dt: seconds of a step of the finest clock.
        start: step at which the first sample began.
        samples, steps: number of samples, and steps of each.
    """

    dt: float
    start: int
    samples: int
    steps: int

    def step_of_spikes(self, layer: Layer) -> Ints:
        """Step within its sample of each spike of a layer.

        Raises:
            DataError: for a spike outside the samples.
        """
        times = np.asarray(layer.monitor.t_[:])
        step: Ints = np.rint(times / self.dt).astype(np.int64) - self.start
        outside = (step < 0) | (step >= self.samples * self.steps)
        if outside.any():
            raise DataError(
                f"monitor '{layer.monitor.name}' must hold spikes of the {self.samples * self.steps} steps of "
                f"{self.dt:g} s from {self.start * self.dt:g} s on, got {int(outside.sum())} outside them; give "
                "start_s, steps and samples, or use a new monitor"
            )
        return step % self.steps

    def updates(self, layer: Layer, piece: slice) -> int:
        """Updates of each neuron of a layer in the same piece of all samples: ticks of its own clock there."""
        every = _ratio(_dt(layer), self.dt)
        begin = self.start + np.arange(self.samples, dtype=np.int64) * self.steps
        first, last = begin + piece.start, begin + piece.stop
        # Multiples of `every` in first..last - 1.
        return int((-(-last // every) + -first // every).sum())


def presentations(
    layers: Sequence[Layer], start_s: float, samples: int, steps: int
) -> Presentations:
    """Samples by the finest clock of all layers.

    Raises:
        ConfigError: for clocks of which one is no multiple of the finest, or a start between two steps.
        DataError: if the network did not run for so long.
    """
    if not layers:
        raise ConfigError("count_brian2 needs a SpikeMonitor of every group, got none")
    finest = min(layers, key=_dt)
    dt = _dt(finest)
    for layer in layers:
        ratio = _dt(layer) / dt
        if abs(ratio - round(ratio)) > _TOLERANCE:
            raise ConfigError(
                f"clocks must be multiples of the finest, {dt:g} s of '{finest.name}'; got {_dt(layer):g} s of "
                f"'{layer.name}'"
            )
    start = float(start_s) / dt
    if not abs(start) < 2**53 or abs(start - round(start)) > _TOLERANCE * max(1.0, abs(start)):
        raise ConfigError(f"start_s must be a whole number of steps of {dt:g} s, got {start_s!r} s")
    end = round(start) + samples * steps
    ran = round(float(np.asarray(finest.monitor.clock.t_[:]).item()) / dt)
    if start < 0 or ran < end:
        raise DataError(
            f"{samples} samples of {steps} steps of {dt:g} s must lie in the run, from 0 to {ran * dt:g} s; got "
            f"{start_s:g} to {end * dt:g} s"
        )
    return Presentations(dt, round(start), samples, steps)


def _dt(layer: Layer) -> float:
    return float(layer.monitor.clock.dt_)


def _ratio(coarse: float, fine: float) -> int:
    return round(coarse / fine)

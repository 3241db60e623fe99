"""Choosing the unit: as large as registers allow, judged by what training samples make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.rounding import RoundingReport, round_network
from eqspike.chips.loihi.scale import HEADROOM, Extremes, Source, unit_of_extremes
from eqspike.core.errors import UnsupportedError
from eqspike.core.learner import Arrays, Images, Keys, Labels
from eqspike.engines.fast.loihi import FastIntSession
from eqspike.engines.integers.loihi import rounding_source, stored_weights
from eqspike.systems import System

_ROUNDS = 12
"""A unit that overflows is lowered at least by the excess seen, so a few rounds do; each is one simulation."""


@dataclass(frozen=True)
class Calibration:
    """A unit that was tried out.

    Attributes:
        network: the integers at this unit; report: what their rounding lost.
        samples: number of samples presented, through both phases.
        extremes: largest register values they caused, by layer.
    """

    network: LoihiNetwork
    report: RoundingReport
    samples: int
    extremes: Mapping[str, Extremes]


def calibrate(system: System, weights: Arrays, batch: tuple[Images, Labels, Keys]) -> Calibration:
    """Round a system at the largest unit at which a batch fills at most half of every register.

    Args:
        system: of current-based neurons with spiking inputs.
        weights: trained weights by name; batch: images, labels and keys of training samples.

    Raises:
        UnsupportedError: if Loihi's neurons cannot carry the system, or no unit fits.
    """
    source = rounding_source(system, stored_weights(system, weights))
    unit: float | None = None
    for attempt in range(_ROUNDS):
        found = _tried(system, source, unit, batch)
        wanted = _wanted(source, found)
        if _fits(found) and (attempt > 0 or wanted <= found.network.unit):
            return found
        unit = wanted
    raise UnsupportedError(
        f"no scale found at which registers are at most half full: after {_ROUNDS} tries, "
        f"{found.network.unit:.4g} steps per 1.0 still fill {_fullest(found):.0%} of one; "
        "the network's activity may be unbounded: look at the rates of `eqspike evaluate`"
    )


def _tried(
    system: System, source: Source, unit: float | None, batch: tuple[Images, Labels, Keys]
) -> Calibration:
    network, report = round_network(source, unit)
    with FastIntSession(system) as session:
        session.load_network(network)
        return Calibration(network, report, len(batch[1]), session.extremes(*batch))


def _wanted(source: Source, found: Calibration) -> float:
    return min(unit_of_extremes(source, found.network.unit, met) for met in found.extremes.values())


def _fullest(found: Calibration) -> float:
    return max(part for met in found.extremes.values() for part in met.fill.values())


def _fits(found: Calibration) -> bool:
    return _fullest(found) * HEADROOM <= 1

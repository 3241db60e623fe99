"""How a chip is operated: what neither the counts nor its profile can know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eqspike.core.errors import ConfigError


@dataclass(frozen=True)
class Conditions:
    """Conditions of an estimate; None is unknown, and what needs it is then not modelled.

    Attributes:
        step_time_s: seconds the chip takes for one time step; the profile's figure if None.
        cores: cores in use, from a mapping of the network.
        hops_per_spike: by layer, tile boundaries that all copies of one of its spikes cross together,
            from a mapping of the network; a layer that is left out crosses none.
        active_share: part of the neuron updates that received a spike, from 0 to 1. If None, low takes all
            updates as idle, typical and high all as active.

    Raises:
        ConfigError: for a value out of range.
    """

    step_time_s: float | None = None
    cores: int | None = None
    hops_per_spike: Mapping[str, float] | None = None
    active_share: float | None = None

    def __post_init__(self) -> None:
        step, cores, share = self.step_time_s, self.cores, self.active_share
        if step is not None and not (step > 0 and math.isfinite(step)):
            raise ConfigError(f"the step time must be above 0 seconds and finite, got {step}")
        if cores is not None and cores < 1:
            raise ConfigError(f"the number of cores in use must be at least 1, got {cores}")
        if share is not None and not 0.0 <= share <= 1.0:
            raise ConfigError(f"the share of active updates must be from 0 to 1, got {share}")
        for layer, hops in (self.hops_per_spike or {}).items():
            if not (hops >= 0 and math.isfinite(hops)):
                raise ConfigError(
                    f"hops per spike of layer '{layer}' must be at least 0 and finite, got {hops}"
                )

    def to_json(self) -> dict[str, Any]:
        """Plain data; only what is given."""
        given = {
            "step_time_s": self.step_time_s,
            "cores": self.cores,
            "hops_per_spike": None if self.hops_per_spike is None else dict(self.hops_per_spike),
            "active_share": self.active_share,
        }
        return {name: value for name, value in given.items() if value is not None}

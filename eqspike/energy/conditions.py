"""How a chip is operated: what neither the counts nor its profile can know."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eqspike.core.amounts import check_number, check_whole
from eqspike.core.counts import EventCounts
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
        check_number("the step time in seconds", self.step_time_s, above=0, or_none=True)
        if self.cores is not None:
            check_whole("the number of cores in use", self.cores)
        check_number("the share of active updates", self.active_share, low=0, high=1, or_none=True)
        for layer, hops in (self.hops_per_spike or {}).items():
            check_number(f"hops per spike of layer '{layer}'", hops, low=0)

    def check_layers(self, *counted: EventCounts | None) -> None:
        """Refuse hops of a layer that none of the counts has: they would be priced as no hops.

        Raises:
            ConfigError: naming the layer.
        """
        layers = sorted({name for counts in counted if counts for name in _layers(counts)})
        for layer in self.hops_per_spike or {}:
            if layer not in layers:
                close = difflib.get_close_matches(layer, layers, n=1)
                known = ", ".join(f"'{name}'" for name in layers) or "none"
                raise ConfigError(
                    f"hops per spike of layer '{layer}': the counts have no such layer; "
                    + (f"did you mean '{close[0]}'?" if close else f"layers: {known}")
                )

    def within(self, counts: EventCounts) -> Conditions:
        """The same with the hops of layers of `counts` alone, where several systems share conditions."""
        if self.hops_per_spike is None:
            return self
        names = set(_layers(counts))
        kept = {layer: hops for layer, hops in self.hops_per_spike.items() if layer in names}
        return replace(self, hops_per_spike=kept)

    def to_json(self) -> dict[str, Any]:
        """Plain data; only what is given."""
        given = {
            "step_time_s": self.step_time_s,
            "cores": self.cores,
            "hops_per_spike": None if self.hops_per_spike is None else dict(self.hops_per_spike),
            "active_share": self.active_share,
        }
        return {name: value for name, value in given.items() if value is not None}


def _layers(counts: EventCounts) -> Iterable[str]:
    return (name for phase in counts.phases.values() for name in phase.layers)

"""What the couplings and states of the torch engine say of its events; see `engines.value_counts`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqspike.core.network import Coupling, Network
from eqspike.memory import Writes
from eqspike.nn.couplings import Coupling as Made
from eqspike.rules.readings import StepField
from eqspike.systems import RateSystem
from eqspike.systems.weights import backward_name


def active(inputs: Tensor, units: int) -> int:
    """Input neurons, or channels of maps, that are not dark in every sample."""
    return int(torch.count_nonzero(inputs.any(0).view(units, -1).any(1)))


def asked_writes(
    system: RateSystem, active_inputs: int, marks: Sequence[Tensor]
) -> dict[str, Writes]:
    """Writes that an ideal memory is asked for, by coupling and bias.

    A synapse is asked for a change when its two neurons' product changed: where the sender is not dark and the
    receiver moved, or, between free layers whose product is contrasted, where either moved.

    Args:
        marks: of each free layer, which states moved in each write, (writes, samples, neurons).
    """
    network, each_way = system.network, isinstance(system.rule.reading, StepField)
    # The largest of bytes is found many times faster than whether any boolean is true.
    moved = [mark.view(torch.uint8).amax(1) for mark in marks]
    asked: dict[str, int] = {}
    for index, coupling in enumerate(network.couplings):
        above = _units(moved[index], coupling.post.biases)
        asked[f"{coupling.post.name}.bias"] = int(above.sum())
        columns, taps = coupling.shape[-1], coupling.fan_in // coupling.shape[0]
        if index == 0:
            asked[coupling.name] = active_inputs * taps * int(above.sum())
            continue
        rows = coupling.shape[0]
        below = _units(moved[index - 1], rows)
        if each_way:
            asked[coupling.name] = rows * int(above.sum())
            asked[backward_name(coupling)] = columns * int(below.sum())
        else:
            still = (rows - below) * (columns - above)
            asked[coupling.name] = taps * int((rows * columns - still).sum())
    return {name: Writes(count, count) for name, count in asked.items()}


def _units(moved: Tensor, units: int) -> Tensor:
    """How many neurons, or channels of maps, have moved in each write, (writes,)."""
    return moved.view(len(moved), units, -1).amax(2).sum(1, dtype=torch.int64)


def effective_synapses(network: Network, couplings: Sequence[Made]) -> dict[str, int]:
    """Synapses of each directed coupling whose weight is not zero.

    Args:
        couplings: of the engine, from the input.
    """
    return {
        direction: _effective(coupling, array, bool(way))
        for coupling, of in zip(network.couplings, couplings, strict=True)
        for way, (direction, array) in enumerate(
            zip(coupling.directions, (of.weight, of.back), strict=False)
        )
    }


def _effective(coupling: Coupling, weight: Tensor, backward: bool) -> int:
    """Those of `Coupling.synapses` whose weight is not zero.

    Args:
        weight: stored, as the engine's coupling has it.
    """
    how = coupling.convolution
    if how is None:
        return int(torch.count_nonzero(weight))
    by_tap = torch.count_nonzero(weight.flatten(0, 1), 0).cpu().numpy()
    if backward and how.pooling.kind == "max":
        return int(by_tap.sum()) * (coupling.post.size // coupling.post.maps[0])
    return int((by_tap * how.reach(coupling.pre.maps)).sum())

"""What the couplings and states of the torch engine say of its events; see `engines.value_counts`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from eqspike.core.network import Coupling, Network
from eqspike.engines.tally import RateTally
from eqspike.memory import Writes
from eqspike.nn.couplings import Coupling as Made
from eqspike.rules.readings import of_receiver
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
    network, each_way = system.network, of_receiver(system.rule.reading)
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


def count_differences(
    system: RateSystem, tally: RateTally, held: Sequence[Made], sent: Sequence[Tensor], samples: int, steps: int
) -> None:  # fmt: skip
    """Count the operations of a batch's nudged phases in difference form.

    One more pass of the couplings between free layers gives the drives of the free state. The input's rates do not
    differ, so they are not sent.

    Args:
        held: couplings between free layers, transposed, from the lowest.
        sent: of each free layer, how often each neuron has sent a difference that is not 0, (neurons,).
        steps: of each sample.
    """
    tally.add_operations("nudged", system.network.couplings[0].directions[0], 0, 0)
    for index, (coupling, of) in enumerate(zip(system.network.couplings[1:], held, strict=True)):
        for way, direction in enumerate(coupling.directions):
            number = coupling.synapses(bool(way))
            drives = samples * _effective(coupling, (of.back, of.weight)[way], bool(way))
            differences = _delivered(coupling, of, sent[index + way], bool(way))
            tally.add_operations(
                "nudged", direction, samples * (steps + 1) * number, drives + differences
            )


def _delivered(coupling: Coupling, of: Made, sent: Tensor, backward: bool) -> int:
    """Deliveries of so many messages of each neuron through weights that are not zero.

    Args:
        of: the coupling as it carries them, up by its `weight` and down by its `back`.
    """
    how = coupling.convolution
    if how is None:
        rows = torch.count_nonzero(of.back, 1) if backward else torch.count_nonzero(of.weight, 0)
        return int((sent * rows).sum())
    taps, size = (of.weight != 0).double(), how.pooling.size
    height, width = (side * size for side in how.pooled(coupling.pre.maps))
    if not backward:
        below = sent.view(1, *coupling.pre.maps).double()
        seen = conv2d(below, taps, padding=how.padding)
        return int(seen[..., :height, :width].sum())
    above = sent.view(1, *coupling.post.maps).double()
    if how.pooling.kind == "max":
        return int((above.sum((2, 3)) * taps.sum((1, 2, 3))).sum())
    wide = above.new_zeros(1, len(taps), *how.convolved(coupling.pre.maps))
    wide[..., :height, :width] = above.repeat_interleave(size, 2).repeat_interleave(size, 3)
    return int(conv_transpose2d(wide, taps.sum(1, keepdim=True), padding=how.padding).sum())

"""Placing layers on cores within a chip's limits.

Each layer has cores of its own; its neurons are shared out evenly over as few as the limits allow. A core that
hosts n neurons of a layer holds one input axon for each line that reaches the layer, and behind it n weights,
which Loihi packs in blocks of synapses with a header, each rounded up to whole words of memory. A neuron needs
one output axon for each core it sends to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from eqspike.chips import ChipProfile
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Coupling, Layer, Network

_BLOCK_SYNAPSES = 64  # synapses behind one header; Nengo-Loihi 1.1, block.py
_HEADER_BITS = 10  # 4 of index and 6 of count; Nengo-Loihi 1.1, block.py
_WORD_BITS = 64  # memory word; Nengo-Loihi 1.1, block.py
_WEIGHT_BITS = 8  # of a mantissa as stored; Davies et al., IEEE Micro 38(1):82-99, 2018


@dataclass(frozen=True)
class LayerMapping:
    """Cores of one layer.

    Attributes:
        layer: its name; cores: (first, last) neuron of each.
        used: what the fullest of them uses, by the name of the limit; a limit the profile lacks is not checked.
    """

    layer: str
    cores: tuple[tuple[int, int], ...]
    used: Mapping[str, int]


@dataclass(frozen=True)
class CoreMapping:
    """A network on cores.

    Attributes:
        layers: free layers from the input; the input is sent from outside and takes none.
        limits: those of the chip that were checked.
    """

    layers: tuple[LayerMapping, ...]
    limits: Mapping[str, int]

    @property
    def cores(self) -> int:
        """Cores in use."""
        return sum(len(layer.cores) for layer in self.layers)


def map_to_cores(network: Network, chip: ChipProfile) -> CoreMapping:
    """Place a network for inference, with weights of 8 bits.

    Raises:
        UnsupportedError: for a limit that splitting cannot meet, with what is needed and what is allowed.
    """
    parts = {layer.name: _parts_needed(network, layer, chip) for layer in network.free_layers}
    while True:
        crowded = [
            layer
            for layer in network.free_layers
            if parts[layer.name] < layer.size
            and _exceeds(chip, "output_axons_per_core", _output_axons(network, layer, parts))
        ]
        if not crowded:
            break
        for layer in crowded:
            parts[layer.name] += 1
    layers = tuple(_layer_mapping(network, layer, parts) for layer in network.free_layers)
    mapping = CoreMapping(
        layers, {name: limit for name, limit in chip.limits.items() if name in _checked(layers)}
    )
    _check_chip(network, mapping, chip)
    return mapping


def synapse_bytes(lines: int, neurons: int) -> int:
    """Synapse memory of a core on which each of `lines` input axons reaches `neurons` neurons."""
    full, rest = divmod(neurons, _BLOCK_SYNAPSES)
    words = full * _words(_BLOCK_SYNAPSES) + (_words(rest) if rest else 0)
    return lines * words * _WORD_BITS // 8


def _words(synapses: int) -> int:
    return -(-(synapses * _WEIGHT_BITS + _HEADER_BITS) // _WORD_BITS)


def _parts_needed(network: Network, layer: Layer, chip: ChipProfile) -> int:
    """Fewest cores that hold the layer's neurons and weights.

    Raises:
        UnsupportedError: if not even one neuron fits.
    """
    for parts in range(1, layer.size + 1):
        used = _used(network, layer, -(-layer.size // parts))
        if not any(_exceeds(chip, name, amount) for name, amount in used.items()):
            return parts
    name, amount = next((n, a) for n, a in used.items() if _exceeds(chip, n, a))
    raise UnsupportedError(
        f"layer '{layer.name}' does not fit {chip.title}: {name} would be {amount} on a core with a single "
        f"neuron, allowed are {chip.limits[name]}; use a smaller neighbouring layer"
    )


def _used(network: Network, layer: Layer, neurons: int) -> dict[str, int]:
    """What a core with that many neurons of the layer uses, output axons aside."""
    arriving = [
        coupling.pre.size if coupling.post is layer else coupling.post.size
        for coupling in _arriving(network, layer)
    ]
    return {
        "neurons_per_core": neurons,
        "synapse_bytes_per_core": sum(synapse_bytes(lines, neurons) for lines in arriving),
        "input_axons_per_core": sum(arriving),
        "neuron_settings_per_core": 1,
        "threshold_settings_per_core": 1,
        "synapse_settings_per_core": len(arriving),
    }


def _arriving(network: Network, layer: Layer) -> list[Coupling]:
    """Couplings whose spikes reach the layer."""
    return [c for c in network.couplings if c.post is layer or (c.bidirectional and c.pre is layer)]


def _output_axons(network: Network, layer: Layer, parts: Mapping[str, int]) -> int:
    """Output axons of a core of the layer: each neuron sends to every core of the layers it reaches."""
    targets = 0
    for coupling in network.couplings:
        if coupling.pre is layer:
            targets += parts[coupling.post.name]
        if coupling.bidirectional and coupling.post is layer:
            targets += parts[coupling.pre.name]
    return -(-layer.size // parts[layer.name]) * targets


def _layer_mapping(network: Network, layer: Layer, parts: Mapping[str, int]) -> LayerMapping:
    number = parts[layer.name]
    edges = [layer.size * part // number for part in range(number + 1)]
    cores = tuple((first, last - 1) for first, last in pairwise(edges))
    used = _used(network, layer, -(-layer.size // number))
    used["output_axons_per_core"] = _output_axons(network, layer, parts)
    return LayerMapping(layer.name, cores, used)


def _checked(layers: tuple[LayerMapping, ...]) -> set[str]:
    return {"cores", "neurons", *(name for layer in layers for name in layer.used)}


def _exceeds(chip: ChipProfile, name: str, amount: int) -> bool:
    return name in chip.limits and amount > chip.limits[name]


def _check_chip(network: Network, mapping: CoreMapping, chip: ChipProfile) -> None:
    wanted = {
        "cores": mapping.cores,
        "neurons": sum(layer.size for layer in network.free_layers),
    }
    for layer in mapping.layers:
        wanted["output_axons_per_core"] = max(
            wanted.get("output_axons_per_core", 0), layer.used["output_axons_per_core"]
        )
    for name, amount in wanted.items():
        if _exceeds(chip, name, amount):
            raise UnsupportedError(
                f"the network does not fit {chip.title}: {name} would be {amount}, "
                f"allowed are {chip.limits[name]}; use smaller layers"
            )

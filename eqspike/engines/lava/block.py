"""Samples presented to the stock graph of a network by the child process, and what was recorded of them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.engines.lava.child import PATIENCE_S, Child
from eqspike.engines.lava.files import NETWORK, SENT, TAUGHT, recorded

BLOCK_SAMPLES = 100
"""Samples presented by one graph: bounds the memory of the input written out in time."""

Lines = NDArray[np.uint8]


@dataclass(frozen=True)
class Block:
    """What was recorded of some samples, by layer name.

    Attributes:
        spikes: (samples, steps, neurons); currents, potentials: (samples, reads, neurons).
    """

    spikes: dict[str, NDArray[np.uint8]]
    currents: dict[str, NDArray[np.int32]]
    potentials: dict[str, NDArray[np.int32]]


def present(
    child: Child, network: LoihiNetwork, sent: Lines, taught: Lines | None, samples: int, steps: int,
    every: int, bits: int = 8,
) -> Block:  # fmt: skip
    """Present `samples` of `steps` each, every one from registers of zero.

    Args:
        sent: spikes of the input, (inputs, samples x steps); taught: of the teacher, if it takes part.
        every: registers are recorded at steps that are multiples of it.
        bits: of the weights between layers.
    """
    folder = child.folder
    (folder / NETWORK).write_bytes(pickle.dumps(network))
    np.save(folder / SENT, sent)
    if taught is not None:
        np.save(folder / TAUGHT, taught)
    child.ask(
        "present", samples=samples, steps=steps, every=every, taught=taught is not None, bits=bits
    )
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for layer in network.layers:
        for kind, file in recorded(layer.name).items():
            rows = np.load(folder / file)
            found.setdefault(kind, {})[layer.name] = rows.reshape(samples, -1, layer.size)
            (folder / file).unlink()
    return Block(found["spikes"], found["current"], found["potential"])


def lava_spikes(
    network: LoihiNetwork, sent: Lines, patience_s: float = PATIENCE_S
) -> dict[str, NDArray[np.uint8]]:
    """Spikes of each layer, (samples, steps, neurons), by Lava's own processes, without a teacher.

    Args:
        sent: spikes of the input, (samples, steps, inputs).

    Raises:
        MissingPackageError: if Lava is not installed.
        EngineError: if its process hangs or fails.
    """
    parts = []
    with Child(patience_s) as child:
        for first in range(0, len(sent), BLOCK_SAMPLES):
            block = sent[first : first + BLOCK_SAMPLES]
            samples, steps, inputs = block.shape
            lines = np.ascontiguousarray(block.reshape(-1, inputs).T)
            parts.append(present(child, network, lines, None, samples, steps, steps).spikes)
    return {
        layer.name: np.concatenate([part[layer.name] for part in parts]) for layer in network.layers
    }

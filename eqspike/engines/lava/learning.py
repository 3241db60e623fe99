"""Learning in the stock graph, seen from the session: what goes into the child and what comes back."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import Integers
from eqspike.core.learner import Images, Keys, Labels
from eqspike.core.phases import nudge_signs
from eqspike.engines.integers.loihi_learning import drift, loihi_rules
from eqspike.engines.lava.child import Child
from eqspike.engines.lava.files import LEARNT, NETWORK, RULES, SENT, TAUGHT, recorded
from eqspike.engines.lava.schedule import Lines, input_lines, teacher_lines
from eqspike.systems import System


@dataclass(frozen=True)
class Learnt:
    """What came of some samples.

    Attributes:
        network: with the weights of the forward copies.
        drift: of each coupling in both directions, ||W - V^T|| / ||W|| of its two copies, which began equal.
        scores: (samples, outputs) of the free phases.
        sent: spikes of the input (pixels, steps); spikes: of the free layers by name, (samples, steps, neurons).
    """

    network: LoihiNetwork
    drift: Mapping[str, float]
    scores: NDArray[np.float64]
    sent: Lines
    spikes: dict[str, NDArray[np.uint8]]


def learn(
    child: Child, system: System, network: LoihiNetwork, images: Images, labels: Labels, keys: Keys,
    rate_factor: float, write_key: int,
) -> Learnt:  # fmt: skip
    """Present samples one after the other to a graph that learns; it starts from rest."""
    rule, folder, outputs = system.rule, child.folder, system.network.output
    steps = rule.free_steps + rule.nudged_steps
    sent = input_lines(system, images, keys, steps)
    taught = teacher_lines(
        network.nudge, outputs.size, labels, nudge_signs(rule.phases[1].nudge, keys),
        rule.free_steps, rule.nudged_steps,
    )  # fmt: skip
    (folder / NETWORK).write_bytes(pickle.dumps(network))
    (folder / RULES).write_bytes(pickle.dumps(loihi_rules(system, rate_factor)))
    np.save(folder / SENT, sent)
    np.save(folder / TAUGHT, taught)
    child.ask("learn", samples=len(images), steps=steps, every=rule.free_steps, key=write_key)
    with np.load(folder / LEARNT) as file:
        found = {name: file[name] for name in file.files}
    couplings = tuple(
        replace(coupling, mantissas=found[coupling.name].astype(np.int32))
        for coupling in network.couplings
    )
    spikes, potential = _recorded(child, system, len(images), steps)
    window = spikes[outputs.name][:, rule.free_steps - rule.readout_steps : rule.free_steps]
    limit = network.layer(outputs.name).neuron.threshold << 6
    scores = window.sum(1, dtype=np.int64) + np.clip(potential / limit, 0, 1)
    return Learnt(replace(network, couplings=couplings), _drift(found), scores, sent, spikes)


def _recorded(
    child: Child, system: System, samples: int, steps: int
) -> tuple[dict[str, NDArray[np.uint8]], NDArray[np.int32]]:
    """Spikes of all free layers, and the outputs' potentials at the end of the free phases."""
    spikes: dict[str, NDArray[np.uint8]] = {}
    potential = np.zeros(0, np.int32)
    for layer in system.network.free_layers:
        files = {kind: child.folder / name for kind, name in recorded(layer.name).items()}
        spikes[layer.name] = np.load(files["spikes"]).reshape(samples, steps, -1)
        potential = np.load(files["potential"]).reshape(samples, -1, layer.size)[:, 0]
        for path in files.values():
            path.unlink()
    return spikes, potential


def _drift(found: Mapping[str, Integers]) -> dict[str, float]:
    result = {}
    for name, forward in found.items():
        back = found.get(f"{name} back")
        if back is not None:
            result[name] = drift(forward, back)
    return result

"""A network that learns on Loihi's own learning engine, as stock Lava processes, tag `fixed_pt`.

The graph of `engines.lava.graph` with each Dense between layers replaced by a LearningDense with the rule of
`chips.loihi.rule_text`. A coupling that acts both ways is two of them, the second with the transposed weights and
the transposed rule. What a LearningDense knows of its postsynaptic neurons it hears through `s_in_bap`.

    RingBuffer -> LearningDense -> LIF -> LearningDense -> LIF <- teacher and relays
                        ^--------- LIF         ^---------- LIF      spikes of the postsynaptic side
                                   LIF <- LearningDense <- LIF      the transposed copy

Nothing is switched from outside: the gate is in the tags. Imported in the child process only.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.learning.learning_rule import Loihi2FLearningRule
from lava.proc.dense.process import LearningDense
from lava.proc.io.source import RingBuffer
from lava.utils.weightutils import SignMode

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import Integers
from eqspike.chips.loihi.rule_text import LoihiRule
from eqspike.engines.integers.loihi_learning import rule_seed
from eqspike.engines.lava.files import LEARNT, NETWORK, RULES, SENT, TAUGHT
from eqspike.engines.lava.graph import PLASTIC_BITS, Graph, add_teacher, make_neurons
from eqspike.engines.lava.presenting import record
from eqspike.engines.lava.schedule import Lines


class Synapses:
    """The plastic synapses of a graph, by name; of a transposed copy, `NAME back`."""

    def __init__(self) -> None:
        self.processes: dict[str, Any] = {}

    def connect(
        self, name: str, source: Any, target: Any, mantissas: Integers, exponent: int, rule: LoihiRule, seed: int
    ) -> None:  # fmt: skip
        """Send what `source` spikes to `target` through weights (presynaptic, postsynaptic) that learn."""
        weights = np.ascontiguousarray(mantissas.T)
        synapses = LearningDense(
            weights=weights,
            tag_1=np.full(weights.shape, rule.gate.tags[0]),
            weight_exp=exponent,
            num_weight_bits=PLASTIC_BITS,
            sign_mode=SignMode.MIXED,
            learning_rule=Loihi2FLearningRule(**rule.arguments(), rng_seed=seed),
        )
        source.s_out.connect(synapses.s_in)
        synapses.a_out.connect(target.a_in)
        target.s_out.connect(synapses.s_in_bap)
        self.processes[name] = synapses

    def mantissas(self) -> dict[str, Integers]:
        """Present weights, (presynaptic, postsynaptic)."""
        return {
            name: np.asarray(process.weights.get(), np.int64).T
            for name, process in self.processes.items()
        }


def build_learning_graph(
    network: LoihiNetwork, rules: tuple[LoihiRule, ...], sent: Lines, taught: Lines, key: int
) -> tuple[Graph, Synapses]:
    """Connect the processes.

    Args:
        network: neurons, teacher and the weights learning starts from; rules: of its couplings.
        sent: spikes of the input, (pixels, steps); taught: of the teacher.
        key: decides the seeds of the traces' random carry.
    """
    layers = [make_neurons(layer) for layer in network.layers]
    graph = Graph(dict(zip((layer.name for layer in network.layers), layers, strict=True)))
    synapses = Synapses()
    before: Any = RingBuffer(data=sent)
    for index, coupling in enumerate(network.couplings):
        neurons, rule = layers[index], rules[index]
        synapses.connect(
            coupling.name, before, neurons, coupling.mantissas, coupling.exponent, rule,
            rule_seed(key, index, transposed=False),
        )  # fmt: skip
        if coupling.bidirectional:
            synapses.connect(
                f"{coupling.name} back", neurons, before, coupling.mantissas.T, coupling.exponent,
                rule.transposed(), rule_seed(key, index, transposed=True),
            )  # fmt: skip
        before = neurons
    add_teacher(graph, network, taught)
    return graph, synapses


def learn_block(folder: Path, samples: int, steps: int, every: int, key: int) -> None:
    """Present `samples` of `steps` each, one after the other, in one run.

    Reads the files `NETWORK`, `RULES`, `SENT` and `TAUGHT`; writes `LEARNT` and, for each layer, what
    `presenting.record` watches.
    """
    # Written by the parent, in a folder that nobody else may enter.
    network: LoihiNetwork = pickle.loads((folder / NETWORK).read_bytes())
    rules: tuple[LoihiRule, ...] = pickle.loads((folder / RULES).read_bytes())
    graph, synapses = build_learning_graph(
        network, rules, np.load(folder / SENT), np.load(folder / TAUGHT), key
    )
    for layer in network.layers:
        record(folder, graph, layer.name, layer.size, samples * steps, every)
    try:
        graph.run(samples * steps)
        np.savez(folder / LEARNT, **synapses.mantissas())
    finally:
        graph.stop()

"""Events of rate-based networks that send changes, by the definitions of `core.counts`; and what all tally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eqspike.core.counts import (
    CouplingCounts,
    EventCounts,
    LayerCounts,
    PhaseCounts,
    PlasticityCounts,
)
from eqspike.core.errors import UnsupportedError
from eqspike.memory import Writes
from eqspike.rules.readings import of_receiver, writes_steps
from eqspike.systems import RateSystem
from eqspike.systems.weights import backward_name

Whole = NDArray[np.int64]

UP, DOWN = 0, 1


@dataclass
class RateTally:
    """What has happened since the counts were last taken.

    Attributes:
        samples: presented; steps: samples x steps in each phase.
        learning: whether they were learnt from.
        messages: by phase and layer, of changes only; operations: by phase and direction, all and effective, of
            changes and of differences only.
        writes: of each coupling and bias by name, candidate and applied.
    """

    samples: int = 0
    steps: dict[str, int] = field(default_factory=dict)
    learning: bool = False
    messages: dict[tuple[str, str], int] = field(default_factory=dict)
    operations: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    writes: dict[str, Writes] = field(default_factory=dict)

    def begin(self, samples: int, free_steps: int, learning: bool) -> None:
        """Count the free phase of a batch.

        Raises:
            UnsupportedError: if training and inference would be counted together.
        """
        if self.samples and learning != self.learning:
            raise UnsupportedError(
                "counts of training and of inference would mix: call take_counts() between fit and scores"
            )
        self.samples += samples
        self.learning = learning
        self.add_steps("free", samples * free_steps)

    def clear(self) -> None:
        """Start the counting anew."""
        self.samples = 0
        for each in (self.steps, self.messages, self.operations, self.writes):
            each.clear()

    def add_steps(self, phase: str, steps: int) -> None:
        """Count steps of all samples together."""
        self.steps[phase] = self.steps.get(phase, 0) + steps

    def add_writes(self, name: str, writes: Writes) -> None:
        """Count the writes of one coupling or bias."""
        old = self.writes.get(name, Writes(0, 0))
        self.writes[name] = Writes(old.candidate + writes.candidate, old.applied + writes.applied)

    def add_messages(
        self, system: RateSystem, phase: str, sent: Sequence[Whole], effective: Sequence[Sequence[Whole]]
    ) -> None:  # fmt: skip
        """Count the messages of one phase of a batch, and where they went.

        Args:
            sent: number of messages of each neuron, by layer from the input.
            effective: of each coupling, of each direction (`UP`, `DOWN`), the weights that are not zero of each
                sending neuron.
        """
        for layer, of_layer in zip(system.network.layers, sent, strict=True):
            place = (phase, layer.name)
            self.messages[place] = self.messages.get(place, 0) + int(of_layer.sum())
        for index, coupling in enumerate(system.network.couplings):
            for way, direction in enumerate(coupling.directions):
                senders = sent[index + way]
                fan_out = coupling.shape[1 - way]
                self.add_operations(
                    phase,
                    direction,
                    int(senders.sum()) * fan_out,
                    int(senders @ effective[index][way]),
                )

    def add_operations(self, phase: str, direction: str, number: int, effective: int) -> None:
        """Count synaptic operations in one direction of a coupling."""
        old = self.operations.get((phase, direction), (0, 0))
        self.operations[phase, direction] = (old[0] + number, old[1] + effective)


def event_counts(system: RateSystem, tally: RateTally) -> EventCounts:
    """The counts of a tally. A layer's messages are its spikes."""
    network, phases = system.network, {}
    for name, steps in tally.steps.items():
        phases[name] = PhaseCounts(
            steps,
            {
                layer.name: LayerCounts(
                    tally.messages.get((name, layer.name), 0),
                    steps * layer.size if layer in network.free_layers else 0,
                )
                for layer in network.layers
            },
            {
                direction: CouplingCounts(*tally.operations.get((name, direction), (0, 0)))
                for coupling in network.couplings
                for direction in coupling.directions
            },
            _evaluations(system, tally) if tally.learning and name == "nudged" else {},
        )
    if not tally.writes:
        return EventCounts(tally.samples, phases)
    writes = {
        name: PlasticityCounts(0, done.candidate, done.applied)
        for name, done in tally.writes.items()
    }
    phase = "nudged" if writes_steps(system.rule.reading) else "update"
    return EventCounts(tally.samples, phases) + EventCounts(
        0, {phase: PhaseCounts(0, {}, {}, writes)}
    )


def _evaluations(system: RateSystem, tally: RateTally) -> dict[str, PlasticityCounts]:
    """Of `ep` and `a-ep` one at each weight and bias a sample; of continual rules one for each nudged message."""
    each_way = of_receiver(system.rule.reading)
    numbers: dict[str, int] = {}
    for coupling in system.network.couplings:
        pre, post = coupling.shape
        above, below = (
            tally.messages.get(("nudged", layer.name), 0) for layer in (coupling.post, coupling.pre)
        )
        bias, backward = f"{coupling.post.name}.bias", backward_name(coupling)
        if not writes_steps(system.rule.reading):
            numbers[coupling.name] = tally.samples * pre * post
            numbers[bias] = tally.samples * post
            if each_way and coupling.bidirectional:
                numbers[backward] = tally.samples * pre * post
        else:
            numbers[coupling.name] = above * pre + (0 if each_way else below * post)
            numbers[bias] = above
            if each_way and coupling.bidirectional:
                numbers[backward] = below * post
    return {name: PlasticityCounts(number, 0, 0) for name, number in numbers.items()}


def asked_writes(
    system: RateSystem, active_inputs: int, moved: Sequence[Whole]
) -> dict[str, Writes]:
    """Writes that an ideal memory is asked for, by coupling and bias.

    Args:
        active_inputs: input neurons that are not dark in every sample of the batch.
        moved: of each free layer, in each write, the neurons whose q moved in some sample, (writes,).
    """
    each_way = of_receiver(system.rule.reading)
    asked: dict[str, int] = {}
    for index, coupling in enumerate(system.network.couplings):
        above, (rows, columns) = moved[index], coupling.shape
        asked[f"{coupling.post.name}.bias"] = int(above.sum())
        if index == 0:
            asked[coupling.name] = active_inputs * int(above.sum())
        elif each_way:
            asked[coupling.name] = rows * int(above.sum())
            asked[backward_name(coupling)] = columns * int(moved[index - 1].sum())
        else:
            still = (rows - moved[index - 1]) * (columns - above)
            asked[coupling.name] = int((rows * columns - still).sum())
    return {name: Writes(count, count) for name, count in asked.items()}

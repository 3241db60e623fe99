"""Multiply-accumulates of an energy block, by phase: plain numbers.

    free       couplings carry rates both ways at each step; the input's carries once
    nudged     the same for each state that is simulated; one step more gives the drives that differences need
    contrast   products of both sides of each coupling
    nudged_nonzero   those of differences that are not zero, if `EnergyBlock.count_nonzero` asks for it

Convolutions count all their places, padding and those without a window of pooling included. Products with zeros of
layers that nothing has reached yet are counted, though the relaxation leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eqspike.nn.algorithms import Holomorphic
from eqspike.nn.circuit import Rest
from eqspike.nn.relaxation import States
from eqspike.nn.settings import EnergySettings
from eqspike.nn.structure import Structure
from eqspike.nn.teaching import Taught


class Operations:
    """The tally of a block."""

    def __init__(self, structure: Structure) -> None:
        first, *others = structure.wires
        self._structure = structure
        self._input, self._inner = first.products(), sum(wire.products() for wire in others)
        self._counts: dict[str, int] = {}
        self._nonzero: list[Tensor] = []

    def add_free(self, rest: Rest) -> None:
        """A free phase."""
        inputs = len(rest.inputs) * self._input
        self._add("free", inputs + 2 * self._inner * rest.settled.sample_steps)

    def add_nudged(self, settings: EnergySettings, rest: Rest, taught: Taught) -> None:
        """The nudged phases of a batch, of whatever algorithm."""
        steps = len(rest.inputs) * settings.nudged_steps
        if taught.settled is not None:
            steps = taught.settled.sample_steps
        row = settings.row
        copies = 2 if isinstance(row, Holomorphic) else 1
        drives = 0 if settings.two_states else len(rest.inputs)
        self._add("nudged", 2 * self._inner * (steps + drives))
        sides = 2 * (settings.points * copies if isinstance(row, Holomorphic) else 1)
        self._add("contrast", len(rest.inputs) * (self._input + sides * self._inner))

    def nonzero_counter(self) -> Callable[[States], None]:
        """To be called with the differences after each step."""
        ways = [(w.lower, w.upper, *w.products_of_one()) for w in self._structure.wires[1:]]

        def count(differences: States) -> None:
            active = [torch.count_nonzero(difference) for difference in differences]
            for lower, upper, above, below in ways:
                self._nonzero.append(active[lower] * above + active[upper] * below)

        return count

    def take(self) -> dict[str, int]:
        """All counts since the last call."""
        if self._nonzero:
            self._counts["nudged_nonzero"] = int(torch.stack(self._nonzero).sum())
        counts, self._counts, self._nonzero = self._counts, {}, []
        return counts

    def _add(self, phase: str, number: int) -> None:
        self._counts[phase] = self._counts.get(phase, 0) + number

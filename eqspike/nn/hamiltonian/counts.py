"""Multiply-accumulates and memory accesses of passes through time, a sample and a step.

With N oscillators driven by I inputs, and a step of s = 4 multiply-accumulates an oscillator (log-cosh: 6):

    free pass     N (I + s)
    two echoes    2 N (I + s + 1): the drive, the step, the kick;  + N c: contrasts;  + 2 N I: inputs and B
    adjoint       N g: adjoint step and gradients of the coefficients;  + 2 N I: inputs and B
    undoing       N (I + s), for backpropagation that keeps no states

Contrasts take c = 6 (log-cosh: 9), an adjoint step g = 9 (13). An access reads or writes one number. States of a
step are two numbers an oscillator, read and written once a pass. Backpropagation that keeps states writes two more
(log-cosh: three, the tanh too) and reads them again. Left out, being alike in all or small: tanh and log cosh
themselves, the sums of gradients, the input series.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Work:
    """Of one sample and one step.

    Attributes:
        products: multiply-accumulates.
        state_accesses: of numbers of one step only, whatever the length of the series.
        trajectory_accesses: of numbers that are kept for all steps.
        kept: numbers kept a step.
    """

    products: int
    state_accesses: int
    trajectory_accesses: int = 0
    kept: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.products + other.products,
            self.state_accesses + other.state_accesses,
            self.trajectory_accesses + other.trajectory_accesses,
            self.kept + other.kept,
        )


def free_pass(inputs: int, size: int, bounded: bool, keeps: bool = False) -> Work:
    """Of the forward pass; `keeps` the states for backpropagation. `bounded`: log-cosh wells."""
    kept = (3 if bounded else 2) * size if keeps else 0
    return Work(size * (inputs + (6 if bounded else 4)), 4 * size, kept, kept)


def backward_pass(inputs: int, size: int, bounded: bool, backward: str) -> Work:
    """Of a backward pass by `rhel`, `rhel-one-sided`, `reversible` or `bptt`; what was kept is read."""
    step, adjoint, contrast = (6, 13, 9) if bounded else (4, 9, 6)
    learning = 2 * size * inputs
    if backward.startswith("rhel"):
        echoes = 2 * size * (inputs + step + 1) + size * contrast
        return Work(echoes + learning, 8 * size)
    if backward == "reversible":
        return Work(size * (inputs + step + adjoint) + learning, 8 * size)
    return Work(size * adjoint + learning, 4 * size, (3 if bounded else 2) * size)


class Tally:
    """Multiply-accumulates of a module's passes since they were last taken.

    Passes with gradients enabled are taken to be followed by their backward pass.
    """

    def __init__(self) -> None:
        self._done = {"forward": 0, "backward": 0}

    def add(self, forward: int, backward: int) -> None:
        """A pass, and what its backward pass will take."""
        self._done["forward"] += forward
        if torch.is_grad_enabled():
            self._done["backward"] += backward

    def take(self) -> dict[str, int]:
        """By phase; the tally starts anew."""
        taken, self._done = self._done, {"forward": 0, "backward": 0}
        return taken

"""Weights that move during the nudged phase (`rules.continual`), with an ideal memory.

Hidden couplings are changed after every step; under C-EP, by what the steps so far sum to, for they telescope. The
input's are not touched until the phase ends, for its rates x stay: after t steps its weights have changed by the
sum of (s(t) - s(0)) x over the samples, so the drive it gives to sample a has changed by

    sum over samples c of (x_a . x_c + b) r_c (s_c(t) - s_c(0))        r_c = eta / (beta samples)

where b is the learning rate of the biases over that of the weights, eta. It is exact and costs a product of
(samples, samples) with (samples, neurons) instead of two with all pixels.
Where the input sends its rates only once (`core.messages`), that drive does not move; the bias does.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqspike.engines.torch.contrast import bias_contrast
from eqspike.engines.torch.events import ChangeRelaxation
from eqspike.engines.torch.relaxation import Relaxation


class Following:
    """Lets weights follow the states of one nudged phase, from where the states stand now.

    Args:
        relaxation: the batch.
        weight: 1 / (beta samples) of each sample, (samples, 1).
        rates, bias_rates: learning rates of each coupling and of the biases it ends in.
        vector_field: C-VF instead of C-EP.
    """

    def __init__(
        self, relaxation: Relaxation | ChangeRelaxation, weight: Tensor, rates: Sequence[float],
        bias_rates: Sequence[float], vector_field: bool,
    ) -> None:  # fmt: skip
        self._relaxation, self._weight = relaxation, weight
        self._rates, self._bias_rates = rates, bias_rates
        # What the input's drive follows by: the weights' rate, or the biases' alone where weights stand still.
        self._rate = rates[0] or bias_rates[0] or 1.0
        self._vector_field = vector_field
        self._scaled = [torch.empty_like(state) for state in relaxation.states]
        self._still = [] if vector_field else self._weights_without_products()
        if not relaxation.resends:
            return
        inputs, gain = relaxation.inputs, relaxation.gain
        self._gram = torch.mm(inputs, inputs.t()).mul_(rates[0] / self._rate)
        self._gram.add_(bias_rates[0] / self._rate).mul_(weight.t())
        start = relaxation.states[0]
        self._drive = relaxation.base[0].addmm(self._gram, start, alpha=-gain * self._rate)

    def after(self) -> None:
        """Change hidden couplings, biases and the input's drive by the step just done."""
        relaxation = self._relaxation
        if relaxation.resends:
            self._drive_from_input()
        else:
            self._move_biases(0)
        for upper in range(1, len(relaxation.states)):
            self._move_biases(upper)
            if self._vector_field:
                coupling, rate = relaxation.couplings[upper], self._rates[upper]
                add_each_way(relaxation, upper, self._weight, coupling.weight, coupling.back, rate)
            else:
                self._follow_product(upper)

    def _move_biases(self, layer: int) -> None:
        relaxation = self._relaxation
        change = bias_contrast(relaxation.states[layer], relaxation.previous[layer], self._weight)
        relaxation.base[layer].add_(change, alpha=relaxation.gain * self._bias_rates[layer])

    def _drive_from_input(self) -> None:
        relaxation = self._relaxation
        torch.addmm(
            self._drive, self._gram, relaxation.states[0],
            alpha=relaxation.gain * self._rate, out=relaxation.base[0],
        )  # fmt: skip

    def _weights_without_products(self) -> list[Tensor]:
        """W - eta/beta mean of (post pre now), for each hidden coupling from below."""
        still = []
        for upper in range(1, len(self._scaled)):
            still.append(self._relaxation.couplings[upper].weight.clone())
            self._add_product(upper, still[-1], -self._rates[upper])
        return still

    def _follow_product(self, upper: int) -> None:
        """W <- W at the start + eta/beta mean of (post pre now - post pre at the start): steps telescope."""
        weight = self._relaxation.couplings[upper].weight
        weight.copy_(self._still[upper - 1])
        self._add_product(upper, weight, self._rates[upper])

    def _add_product(self, upper: int, into: Tensor, scale: float) -> None:
        states = self._relaxation.states
        post = torch.mul(states[upper], self._weight, out=self._scaled[upper])
        self._relaxation.couplings[upper].accumulate(states[upper - 1], post, into, scale)


def add_each_way(
    relaxation: Relaxation | ChangeRelaxation, upper: int, weight: Tensor, forward: Tensor,
    backward: Tensor, rate: float,
) -> None:  # fmt: skip
    """Each direction += rate x sum over samples of weight x (change of the receiver) x (sender before).

    Args:
        upper: the coupling between this free layer, counted from 0, and the one below.
    """
    coupling, now, before = relaxation.couplings[upper], relaxation.states, relaxation.previous
    lower = upper - 1
    coupling.accumulate(before[lower], (now[upper] - before[upper]).mul_(weight), forward, rate)
    coupling.accumulate((now[lower] - before[lower]).mul_(weight), before[upper], backward, rate)

"""Feedback weights solved for, from running averages, instead of trained step by step.

The l-drl loss of a block is quadratic in its feedback weights V; with d1 = h(F(x + xi)) - h(F(x)) and
d2 = h(y + eta) - h(y), for noises of deviation sigma1 and sigma2, it is least at

    V = A^-1 B,        A = E[d2 d2^T] / sigma2^2,        B = E[d1 xi^T] / sigma1^2

Noises of two outputs are independent, so off its diagonal A is of order sigma^2 only, and the diagonal alone is
kept (by output and kernel offset in a convolution): solving is one division. A and B are decaying sums over
batches, one noise draw each (`observer.py`); a batch costs two products of the size of the layer, F(x + xi) and
d1 xi^T. Loss: Ernoult et al., ICML 2022 (arXiv:2201.13415).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from eqspike.core.amounts import check_flag, check_number, check_whole
from eqspike.core.errors import ConfigError, RunError

from .mirror import Mirror
from .module import TargetPropagation
from .observer import Observer
from .sums import Sums


class SolvedFeedback:
    """Keeps a model's feedback at the least l-drl loss, whenever `step` is called.

    Args:
        model: already on its device.
        decay: of the running sums, per observed batch, 0 or more and below 1.
        noise: deviation as a fraction of the root mean square of the values it is added to, above 0.
        ridge: added to A's diagonal as a fraction of its mean, 0 or more; shrinks V, and keeps it finite where
            outputs do not move.
        interval: steps from one observed batch to the next, 1 or more.
        clip: largest change of V in a step as a fraction of its norm; `None`: any.
        follow: whether each change of the forward weights is added to V as well (Kolen and Pollack, ICNN 1994), so
            that the averages need not be forgotten as fast as the forward weights move.
        seed: of the noise.

    Raises:
        ConfigError: for a number out of its range.
    """

    def __init__(
        self,
        model: TargetPropagation,
        decay: float = 0.99,
        noise: float = 0.1,
        ridge: float = 0.01,
        interval: int = 1,
        clip: float | None = None,
        follow: bool = False,
        seed: int = 0,
    ) -> None:
        _check(decay, noise, ridge, interval, clip)
        check_flag("SolvedFeedback: follow", follow)
        self.model, self.decay, self.ridge = model, decay, ridge
        self.interval, self.clip, self.steps = interval, clip, 0
        self.follow, self.observer = follow, Observer(model, noise, seed)
        self.sums: dict[int, Sums] = {}
        self.last: dict[int, Tensor] = {}

    def warm_up(self, batches: Iterable[Tensor]) -> None:
        """Averages over batches of inputs before training; V is solved for once, at the end."""
        for inputs in batches:
            self.model(inputs)
            self._observe_all()
        self._solve_all(None)

    def step(self) -> None:
        """Observes the model's latest batch and solves; every `interval`-th call, others do nothing."""
        if self.steps % self.interval == 0:
            self._observe_all()
            self._solve_all(self.clip)
        self.steps += 1

    @torch.no_grad()
    def _observe_all(self) -> None:
        """Adds the latest batch to the sums of every block."""
        if not self.model.passages:
            raise RunError("SolvedFeedback: the model has seen no batch; call model(inputs) first")
        for number in range(1, len(self.model.blocks)):
            seen, before = self.observer.observe(number), self._followed(number)
            self.sums[number] = seen if before is None else before.plus(seen, self.decay)

    def _followed(self, number: int) -> Sums | None:
        """The sums so far, moved along with the forward weights if they are followed."""
        sums, before = self.sums.get(number), self.last.get(number)
        if self.follow:
            now = self.last[number] = self.model.blocks[number].layer.weight.detach().clone()
            if sums is not None and before is not None:
                return sums.moved(now - before)
        return sums

    @torch.no_grad()
    def _solve_all(self, clip: float | None) -> None:
        """V = A^-1 B in every block that has been observed."""
        for number, sums in self.sums.items():
            _move(self.model.mirror(number), sums.solution(self.ridge), clip)

    def state_dict(self) -> dict[str, Any]:
        """What going on needs besides the model: the sums, the steps and the noise's state."""
        return {
            "sums": {number: asdict(sums) for number, sums in self.sums.items()},
            "last": dict(self.last),
            "steps": self.steps,
            "drawn": self.observer.drawn,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from `state_dict`."""
        self.sums = {number: Sums(**sums) for number, sums in state["sums"].items()}
        self.last, self.steps = dict(state["last"]), state["steps"]
        self.observer.drawn = state["drawn"]


def _move(mirror: Mirror, weight: Tensor, clip: float | None) -> None:
    """Sets the feedback weights, by at most `clip` of their norm."""
    change = weight - mirror.weight
    if clip is not None:
        change *= (clip * mirror.weight.norm() / change.norm()).clamp(max=1.0)
    mirror.weight.add_(change)


def _check(decay: float, noise: float, ridge: float, interval: int, clip: float | None) -> None:
    """Refuses numbers out of range."""
    check_number("SolvedFeedback: decay", decay, low=0)
    if decay >= 1:
        raise ConfigError(f"SolvedFeedback: decay must be 0 or more and below 1, got {decay}")
    check_number("SolvedFeedback: noise", noise, above=0)
    check_number("SolvedFeedback: ridge", ridge, low=0)
    check_whole("SolvedFeedback: interval", interval)
    check_number("SolvedFeedback: clip", clip, above=0, or_none=True)

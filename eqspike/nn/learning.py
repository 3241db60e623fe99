"""What each algorithm does with a batch at rest."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from eqspike.nn.algorithms import Contrast, Holomorphic, Implicit
from eqspike.nn.circuit import Parameters, Rest
from eqspike.nn.differences import contrast_of_differences, implicit
from eqspike.nn.holomorphic import holomorphic
from eqspike.nn.relaxation import States
from eqspike.nn.settings import EnergySettings
from eqspike.nn.teaching import Taught, Teaching
from eqspike.nn.two_states import contrast_of_states
from eqspike.nn.unrolled import unrolled


def teach(
    settings: EnergySettings, rest: Rest, parameters: Parameters, gradient: Tensor, by_input: bool,
    after: Callable[[States], None] | None = None,
) -> Taught:  # fmt: skip
    """The gradients of a loss, from that by the outputs.

    Args:
        parameters: of the circuit of `rest`.
        by_input: whether the input's gradient is asked for.
        after: called with the differences after each step, in difference form.
    """
    row, pace = settings.row, (settings.nudged_steps, settings.nudged_tolerance)
    clamp = isinstance(row, Contrast) and row.perturbation == "clamp"
    teaching = Teaching.of(gradient, settings.scale, settings.curvature, clamp)
    if isinstance(row, Implicit):
        return implicit(rest, teaching, pace, by_input)
    if isinstance(row, Holomorphic):
        return holomorphic(rest, teaching, settings.beta, settings.points, pace, by_input)
    if not isinstance(row, Contrast):
        return Taught(unrolled(rest, parameters, gradient, settings.nudged_steps, by_input), None)
    beta = 1.0 if row.full else settings.beta
    strengths = row.first * beta, row.second * beta
    if settings.two_states:
        return contrast_of_states(rest, teaching, strengths, pace, by_input)
    return contrast_of_differences(
        rest, teaching, strengths, pace, by_input, after, settings.dead_zone
    )

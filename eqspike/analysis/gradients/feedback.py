"""Angles of rate-based networks with weights of their own in either direction (C-VF), in degrees.

Ernoult et al. (arXiv:2005.04168) report the angle between the rule's update and minus the gradient by the initial
angle between forward and backward weights.
"""

from __future__ import annotations

import numpy as np

from eqspike.analysis.gradients.rates import angle_between, own_changes
from eqspike.analysis.gradients.resting import at_rest, free_states, smooth
from eqspike.analysis.gradients.unrolled import unroll
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.rules.known import nudging_of
from eqspike.systems import RateSystem


def weights_angle(weights: Arrays) -> float:
    """Between backward weights of the output and the transposed forward ones."""
    return angle_between({"w": weights["output-hidden"]}, {"w": weights["hidden-output"].T})


def update_angles(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels
) -> dict[str, float]:
    """Of the rule's update, at the system's own beta and phases, to minus the exact gradient.

    Returns:
        `all`: of all parameters together; `input`: of the input's weights alone.
    """
    system = smooth(system)
    rested = at_rest(system, weights, images)
    targets = np.eye(system.network.output.size)[labels]
    states = free_states(rested, weights, images)
    steps = nudging_of(rested.rule).free_steps
    exact = unroll(rested, weights, images / 255.0, targets, states, steps=steps).total
    downhill = {name: -array for name, array in exact.items()}
    own = own_changes(system, weights, images, labels)
    of_input = ({"w": of["input-hidden"]} for of in (own, downhill))
    return {"all": angle_between(own, downhill), "input": angle_between(*of_input)}

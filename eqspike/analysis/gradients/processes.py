"""Update processes against gradient processes, step by step.

    nudged step t                                        free step T - t of backpropagation through time
    (s(t+1) - s(t)) / beta                           ->  - dL/d drive(T - t)
    the rule's change at step t, divided by beta     ->  - dL/d parameter(T - t)

as beta -> 0, from the fixed point and with the nudge inside the activation (Ernoult, Grollier, Querlioz, Bengio
and Scellier, NeurIPS 2019, theorem 1, there for states that are themselves drives). With states s = rho(drive),
both sides of the first line obey e(t+1) = rho' W e(t) from the same start e(0) = rho' (y - s), W being symmetric;
hence the gradient with respect to the drive, in which rho' is contained. The rule's change is made of these
differences and of rates at rest, and so is the parameter's gradient.

Where the transposed couplings carry differences (`rules.asymmetric`), W need not be symmetric.

Where the rule is continual, weights move between the steps: the learning rate must go to 0 first, for at a given
rate the drift of the weights adds to (s(t+1) - s(t)) / beta a part that grows as 1 / beta.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from eqspike.analysis.gradients.network import Array
from eqspike.analysis.gradients.primitive import products
from eqspike.core.errors import ActivityError
from eqspike.core.learner import Arrays, Images, Labels
from eqspike.rules.known import nudging_of
from eqspike.rules.readings import EndField, of_receiver
from eqspike.systems import RateSystem


@dataclass(frozen=True)
class Processes:
    """One value a step.

    Attributes:
        neurons: by layer, (steps, samples, neurons); parameters: by name, (steps, ...).
    """

    neurons: Arrays
    parameters: Arrays

    def errors(self, wanted: Processes) -> dict[str, float]:
        """Relative error over all steps, by layer and by parameter.

        Raises:
            ActivityError: if a wanted process is zero.
        """
        return {
            **_errors(self.neurons, wanted.neurons),
            **_errors(self.parameters, wanted.parameters),
        }


def update_processes(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, beta: float, *,
    centered: bool = True, rate_factor: float = 0.0,
) -> Processes:  # fmt: skip
    """The rule's processes in the torch engine.

    Args:
        centered: mean of those at beta and -beta, whose error is of order beta^2 instead of beta.
        rate_factor: multiplies the system's learning rates during the nudge, of continual rules.
    """
    signs = (1.0, -1.0) if centered else (1.0,)
    parts = [_one_sign(system, weights, images, labels, s * beta, rate_factor) for s in signs]
    return Processes(
        {n: np.mean([p.neurons[n] for p in parts], 0) for n in parts[0].neurons},
        {n: np.mean([p.parameters[n] for p in parts], 0) for n in parts[0].parameters},
    )


def _one_sign(
    system: RateSystem, weights: Arrays, images: Images, labels: Labels, beta: float, factor: float
) -> Processes:
    from eqspike.engines.torch import TorchSession

    with TorchSession(replace(system, precision="float64")) as session:
        session.load(weights)
        betas = np.full(len(images), beta)
        seen = session.trajectory(images, labels, betas, factor)
    inputs = images / 255.0
    steps = nudging_of(system.rule).nudged_steps
    rates = {system.network.input.name: np.stack([inputs] * (steps + 1)), **seen}
    scale = beta * len(images)
    return Processes(
        {name: np.diff(states, axis=0) / beta for name, states in seen.items()},
        _changes(system, weights, rates, scale),
    )


def _changes(
    system: RateSystem, weights: Arrays, rates: Mapping[str, Array], scale: float
) -> Arrays:
    """The rule's change at each step."""
    each_way = of_receiver(system.rule.reading)
    result: Arrays = {}
    for coupling in system.network.couplings:
        pre, post = rates[coupling.pre.name], rates[coupling.post.name]
        weight = weights[coupling.name]
        moved = np.diff(post, axis=0)
        by_bias = moved.sum(1).reshape(len(moved), coupling.post.biases, -1)
        result[f"{coupling.post.name}.bias"] = by_bias.sum(2) / scale
        if each_way:
            result[coupling.name] = products(coupling, weight, _senders(system, pre), moved) / scale
        else:
            changes = np.diff(products(coupling, weight, pre, post), axis=0)
            result[coupling.name] = changes / scale
        if each_way and coupling.bidirectional:
            back = products(coupling, weight, np.diff(pre, axis=0), _senders(system, post)) / scale
            result[f"{coupling.post.name}-{coupling.pre.name}"] = back.transpose(0, 2, 1)
    return result


def _senders(system: RateSystem, states: Array) -> Array:
    """States before each step, or in the free state, (steps, samples, neurons)."""
    if isinstance(system.rule.reading, EndField):
        return np.broadcast_to(states[:1], states[:-1].shape)
    return states[:-1]


def _errors(found: Arrays, wanted: Arrays) -> dict[str, float]:
    result = {}
    for name, reference in wanted.items():
        size = float(np.linalg.norm(reference))
        if not size:
            raise ActivityError(
                f"the gradient process of '{name}' is zero: take more nudged steps (rule.nudged_steps), or other "
                "samples"
            )
        result[name] = float(np.linalg.norm(found[name] - reference)) / size
    return result

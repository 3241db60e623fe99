"""Networks of rates: neurons without spikes, the order of their updates, and their feedback weights.

Prototypical dynamics, one step:

    d_k = W_{k-1} s_{k-1} + W_k^T s_{k+1} + b_k         drive of layer k; the input s_0 is clamped
    s_k <- rho(d_k)                                      every free layer, the output L too
    s_L <- rho(d_L + beta (y - s_L))                     nudged, nudge inside
    s_L <- rho(d_L) + beta (y - s_L)                     nudged, nudge outside

With the nudge inside, the contrast of two phases is minus the gradient of |y - s_L|^2 / 2 as beta -> 0. Outside,
the output's rho' is missing from it and a bias stays at every beta; public code of several papers does that.

Source: Ernoult, Grollier, Querlioz, Bengio and Scellier, NeurIPS 2019 (prototypical setting).
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.activations import ACTIVATIONS, Activation
from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import Network

UPDATES = ("synchronous", "even-odd")
NUDGES = ("inside", "outside")
FEEDBACKS = ("tied", "separate")


@dataclass(frozen=True)
class RateNeuron:
    """A neuron whose state is its rate.

    Attributes:
        activation: rho.
        initial: state of every free neuron at the start of each sample.
    """

    activation: Activation
    initial: float = 0.0

    @staticmethod
    def read(section: Section) -> RateNeuron:
        """Read a model's `neuron` section of kind `rate`."""
        section.choice("kind", ("rate",))
        neuron = RateNeuron(
            ACTIVATIONS[section.choice("activation", tuple(ACTIVATIONS))],
            section.number("initial", 0.0, low=-1, high=1),
        )
        section.close()
        return neuron


@dataclass(frozen=True)
class Dynamics:
    """In what order the layers are updated and where the nudge enters.

    Attributes:
        updates: `synchronous`: all layers from the old states. `even-odd`: layers 1, 3, ... counted from the
            input, then layers 2, 4, ... from the new states; both halves are one step.
        nudge: `inside` or `outside` the activation.
    """

    updates: str = "synchronous"
    nudge: str = "inside"

    @staticmethod
    def read(section: Section) -> Dynamics:
        """Read a model's `dynamics` section."""
        section.choice("kind", ("prototypical",), "prototypical")
        dynamics = Dynamics(
            section.choice("updates", UPDATES, "synchronous"),
            section.choice("nudge", NUDGES, "inside"),
        )
        section.close()
        return dynamics


@dataclass(frozen=True)
class Feedback:
    """What carries rates from a layer to the one below it.

    Attributes:
        kind: `tied`: the transpose of the forward weights. `separate`: weights of their own, named
            `output-hidden` where the forward ones are `hidden-output`.
        initial_angle: between separate weights and the transposed forward ones at the start, in degrees, 0 to 180.
    """

    kind: str = "tied"
    initial_angle: float = 0.0

    @property
    def separate(self) -> bool:
        """Whether backward weights are their own."""
        return self.kind == "separate"

    @staticmethod
    def read(section: Section) -> Feedback:
        """Read a model's `feedback` section."""
        kind = section.choice("kind", FEEDBACKS, "tied")
        angle = section.number("initial_angle", 0.0, low=0, high=180)
        if kind == "tied" and angle:
            raise section.error(
                "initial_angle", "0 where feedback.kind is tied", "set feedback.kind to separate"
            )
        section.close()
        return Feedback(kind, angle)


def refuse_convolutions(network: Network, feedback: Feedback) -> None:
    """Refuse separate feedback of convolutions.

    Max pooling sends a rate down to the place that was picked on the way up. Weights of the way down that are not
    those of the way up have no such indices: their pooling without indices would belong to no gradient.

    Raises:
        UnsupportedError: naming the coupling.
    """
    for coupling in network.couplings:
        how = coupling.convolution
        if how is not None and coupling.bidirectional and feedback.separate:
            reason = (
                "has no indices for its max pooling: those of the forward weights do not belong to it"
                if how.pooling.kind == "max"
                else "is not offered for convolutions"
            )
            raise UnsupportedError(
                f"feedback.kind separate {reason} (coupling '{coupling.name}'); use feedback.kind tied"
            )

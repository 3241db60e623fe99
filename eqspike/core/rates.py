"""Rate-based networks: the order of their updates, and their feedback weights; neurons are in `core.neurons`.

Prototypical dynamics, one step:

    d_k = W_{k-1} s_{k-1} + W_k^T s_{k+1} + b_k         drive of layer k; the input s_0 is clamped
    s_k <- rho(d_k)                                      every free layer, the output L too
    s_L <- rho(d_L + beta (y - s_L))                     nudged, nudge inside
    s_L <- rho(d_L) + beta (y - s_L)                     nudged, nudge outside

Binary neurons keep a filtered state s_k and send one bit of it; r_k stands for s_k in the drives and the rules:

    s_k <- clip((1 - g) s_k + g (d_k [+ beta (y - s_L)]), 0, 1)        r_k = 1 where s_k >= 1/2, else 0

In difference form a nudged phase simulates what states differ by from those at the end of the free phase:

    delta_k <- rho(d_k + x_k) - rho(d_k)                  d_k, s_k: of the free state
    delta_L <- rho(d_L + x_L + beta (y - s_L - delta_L)) - rho(d_L)          nudge inside
    delta_L <- rho(d_L + x_L) - rho(d_L) + beta (y - s_L - delta_L)          nudge outside

x_k is what neighbours send of delta, by the transposed couplings: up by the backward weights, down by the forward
ones, which is no difference where they are tied. Where the free phase has come to rest, s_k + delta_k are then the
states of two-states form; a small delta keeps its digits in every number format. Max pooling keeps the free
state's picks.

With the nudge inside, the contrast of two phases is minus the gradient of |y - s_L|^2 / 2 as beta -> 0. Outside,
the output's rho' is missing from it and a bias stays at every beta; public code of several papers does that.

Source: Ernoult, Grollier, Querlioz, Bengio and Scellier, NeurIPS 2019 (prototypical setting); binary neurons and
replicated outputs: Laydevant, Ernoult, Querlioz and Grollier, CVPR Workshops 2021, arXiv:2103.08953.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.config import Section
from eqspike.core.errors import UnsupportedError
from eqspike.core.messages import Messages
from eqspike.core.network import Network
from eqspike.core.neurons.protocol import AnyRateNeuron
from eqspike.core.neurons.rate import RateNeuron

UPDATES = ("synchronous", "even-odd")
NUDGES = ("inside", "outside")
FEEDBACKS = ("tied", "separate")
FORMS = ("two-states", "difference")
TIES = ("first", "state")


def differentiable(neuron: AnyRateNeuron) -> RateNeuron:
    """The neuron itself, where its rate has a derivative.

    Raises:
        UnsupportedError: for binary neurons, and others that bring no derivative.
    """
    if type(neuron) is not RateNeuron:
        raise UnsupportedError(
            f"a gradient needs neurons whose rate has a derivative, got neuron.kind {neuron.kind}; "
            "use neuron.kind rate"
        )
    return neuron


@dataclass(frozen=True)
class Readout:
    """How classes are read from the output layer.

    Attributes:
        replicas: outputs for each class, one beside the other; all have its target, and their mean is its score.
        ties: between classes for which equally many outputs send: `first`: the first class is read. `state`: the
            one whose outputs hold more, by the mean of their states. Of binary neurons alone.
    """

    replicas: int = 1
    ties: str = "first"

    @staticmethod
    def read(section: Section, outputs: int) -> Readout:
        """Read a model's `output` section for a last layer of that many neurons."""
        section.explain(
            ties="which of the classes is read for which equally many outputs send: the first, or the one whose "
            "outputs hold the larger states"
        )
        replicas = section.integer("replicas", 1, low=1)
        if outputs % replicas:
            raise section.error("replicas", f"a divisor of the {outputs} neurons of the last layer")
        ties = section.choice("ties", TIES, "first")
        section.close()
        return Readout(replicas, ties)

    def refuse(self, neuron: AnyRateNeuron) -> None:
        """Refuse neurons for which this read-out is not defined.

        Raises:
            UnsupportedError: for ties that states decide, where neurons send their states.
        """
        if self.ties == "state" and not neuron.sends_bits:
            raise UnsupportedError(
                f"output.ties must be first with neuron.kind {neuron.kind}, got state: its outputs send their "
                "states, which seldom tie; leave it out, or use neuron.kind binary"
            )


@dataclass(frozen=True)
class Dynamics:
    """In what order the layers are updated, where the nudge enters, and what a nudged phase simulates.

    Attributes:
        updates: `synchronous`: all layers from the old states. `even-odd`: layers 1, 3, ... counted from the
            input, then layers 2, 4, ... from the new states; both halves are one step.
        nudge: `inside` or `outside` the activation.
        form: of phases after the free one. `two-states`: states, which are compared at their ends. `difference`:
            what states differ by from those at the end of the free phase.
    """

    updates: str = "synchronous"
    nudge: str = "inside"
    form: str = "two-states"

    @property
    def of_differences(self) -> bool:
        """Whether nudged phases simulate differences."""
        return self.form == "difference"

    def refuse(self, neuron: AnyRateNeuron) -> None:
        """Refuse neurons for which these dynamics are not defined.

        Raises:
            UnsupportedError: for a nudge outside of binary neurons, or the difference form of their phases.
        """
        if self.of_differences and neuron.sends_bits:
            raise UnsupportedError(
                f"neuron.kind {neuron.kind} needs dynamics.form two-states, got difference: a bit turns or "
                "does not, so there is no small difference to keep; use neuron.kind rate"
            )
        if self.nudge == "outside" and neuron.sends_bits:
            raise UnsupportedError(
                f"neuron.kind {neuron.kind} needs dynamics.nudge inside, got outside: a bit plus a nudge would be "
                "no bit; inside, the nudge joins the drive that is filtered"
            )

    @staticmethod
    def read(section: Section) -> Dynamics:
        """Read a model's `dynamics` section."""
        section.explain(
            kind="how states follow each other",
            updates="all layers from the old states, or layers 1, 3, ... and then 2, 4, ... from the new ones",
            nudge="whether the nudge enters inside or outside the activation",
        )
        section.choice("kind", ("prototypical",), "prototypical")
        dynamics = Dynamics(
            section.choice("updates", UPDATES, "synchronous"),
            section.choice("nudge", NUDGES, "inside"),
            section.choice("form", FORMS, "two-states"),
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
        section.explain(
            kind="`tied`: the transpose of the forward weights; `separate`: weights of their own",
        )
        kind = section.choice("kind", FEEDBACKS, "tied")
        angle = section.number("initial_angle", 0.0, low=0, high=180)
        if kind == "tied" and angle:
            raise section.error(
                "initial_angle", "0 where feedback.kind is tied", "set feedback.kind to separate"
            )
        section.close()
        return Feedback(kind, angle)


def refuse_convolutions(network: Network, feedback: Feedback, messages: Messages) -> None:
    """Refuse convolutions of which separate weights lead down, or through which changes are sent.

    Max pooling picks a place of each window from all rates of a moment, and sends a rate down to the same place.
    It has no such indices where weights of their own lead down, or where a message is part of a rate: pooling
    without indices belongs to no gradient.

    Raises:
        UnsupportedError: naming the coupling.
    """
    for coupling in network.couplings:
        how = coupling.convolution
        if how is None:
            continue
        found = ""
        if coupling.bidirectional and feedback.separate:
            found, use = "feedback.kind separate", "feedback.kind tied"
        elif messages.of_changes:
            found, use = "messages.kind changes", "messages.kind values"
        if found:
            reason = "has no indices for" if how.pooling.kind == "max" else "is not offered for"
            pooling = "" if how.pooling.kind == "none" else f" with {how.pooling.kind} pooling"
            raise UnsupportedError(
                f"{found} {reason} convolutions{pooling} (coupling '{coupling.name}'); use {use}"
            )


def refuse_thresholds(dynamics: Dynamics, messages: Messages) -> None:
    """Refuse a threshold of differences where none are simulated.

    Raises:
        UnsupportedError: for nudged phases of two states.
    """
    if messages.nudged_threshold is not None and not dynamics.of_differences:
        raise UnsupportedError(
            f"messages.nudged_threshold needs dynamics.form difference, got {dynamics.form}: states are sent from "
            "one threshold in all phases; leave it out, or set dynamics.form to difference"
        )

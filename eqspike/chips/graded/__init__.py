"""Rate-based networks for chips whose spikes carry a number: integer dynamics and rounding."""

from eqspike.chips.graded.network import (
    GradedCoupling,
    GradedLayer,
    GradedNetwork,
    GradedNeuron,
    GradedNudge,
)

__all__ = ["GradedCoupling", "GradedLayer", "GradedNetwork", "GradedNeuron", "GradedNudge"]

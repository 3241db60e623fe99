"""Intel's Loihi in integers: arithmetic, networks and rounding."""

from eqspike.chips.loihi.network import (
    LoihiCoupling,
    LoihiLayer,
    LoihiNetwork,
    LoihiNeuron,
    LoihiNudge,
)

__all__ = ["LoihiCoupling", "LoihiLayer", "LoihiNetwork", "LoihiNeuron", "LoihiNudge"]

"""A coupling of two layers that send graded spikes: stock connections in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, tag
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.process import Dense
from lava.proc.sparse.process import Sparse
from lava.utils.weightutils import SignMode


class BothWays(AbstractProcess):  # type: ignore[misc]
    """The same weights upwards and, where the lower layer listens, downwards.

    Ports: `below_in`, `above_in` receive messages of both layers; `up_out`, `down_out` send synaptic input.

    Args:
        weights: (presynaptic, postsynaptic); exponent: of their mantissas, in integers.
        message_bits: of a message, at most 31; sparse: whether zeros are left out of the connections.
        both: whether there are two directions.
    """

    def __init__(
        self, *, weights: Any, exponent: int, message_bits: int, sparse: bool, both: bool
    ) -> None:
        super().__init__(
            weights=weights, exponent=exponent, message_bits=message_bits, sparse=sparse, both=both
        )
        pre, post = weights.shape
        self.below_in, self.up_out = InPort(shape=(pre,)), OutPort(shape=(post,))
        self.above_in, self.down_out = InPort(shape=(post,)), OutPort(shape=(pre,))


@implements(proc=BothWays, protocol=LoihiProtocol)
@tag("fixed_pt", "floating_pt")
class BothWaysModel(AbstractSubProcessModel):  # type: ignore[misc]
    """One `Dense` or `Sparse` each way."""

    def __init__(self, proc: Any) -> None:
        parameters = proc.proc_params
        weights = parameters["weights"]
        self.up = connection(parameters, np.ascontiguousarray(weights.T))
        proc.in_ports.below_in.connect(self.up.in_ports.s_in)
        self.up.out_ports.a_out.connect(proc.out_ports.up_out)
        if parameters["both"]:
            self.down = connection(parameters, np.ascontiguousarray(weights))
            proc.in_ports.above_in.connect(self.down.in_ports.s_in)
            self.down.out_ports.a_out.connect(proc.out_ports.down_out)


def connection(parameters: Any, weights: Any) -> Any:
    """A stock connection with weights (postsynaptic, presynaptic)."""
    kind = Sparse if parameters["sparse"] else Dense
    return kind(
        weights=weights,
        weight_exp=parameters["exponent"],
        num_message_bits=parameters["message_bits"],
        sign_mode=SignMode.MIXED,
    )

"""Inputs of which a share is dark, in each presentation others: what a network learns from while it generalises.

What is dark follows the presentation's key, that is (seed, epoch, position), and nothing before it: runs that stop
and go on see the same inputs, and so does every engine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.core.learner import Keys
from eqspike.core.random_stream import GAMMA, Purpose, stream_key, uniforms


def drop_inputs(inputs: NDArray[Any], share: float, keys: Keys) -> NDArray[Any]:
    """Inputs with each value 0 with probability `share`; what remains is as it was, not scaled up.

    Args:
        inputs: (samples, ...) of any kind of number; not changed.
        share: in [0, 1); of 0, the inputs themselves are returned.
        keys: (samples,) the random stream of each presentation.

    Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting", JMLR 15, 2014; there weights are scaled down in tests.
    """
    if share == 0.0:
        return inputs
    values = inputs.reshape(len(inputs), -1)
    places = np.arange(values.shape[1], dtype=np.uint64) * np.uint64(GAMMA)
    dark = uniforms(stream_key(Purpose.DROPOUT), keys[:, None] ^ places) < share
    return np.where(dark, values.dtype.type(0), values).reshape(inputs.shape)

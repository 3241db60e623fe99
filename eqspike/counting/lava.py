"""Counts from what Lava's monitors recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from eqspike.core.counts import EventCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting.arrays import count_arrays, whole
from eqspike.counting.connections import Connection
from eqspike.counting.rasters import refuse_no_spikes
from eqspike.counting.tensors import is_sparse_tensor, plain


def count_lava(
    monitors: Mapping[str, Any],
    weights: Mapping[str, Any],
    *,
    inputs: Collection[str],
    samples: int = 1,
    phases: Mapping[str, int] | None = None,
) -> EventCounts:
    """Spikes, synaptic operations and neuron updates of samples presented one after the other.

    Args:
        monitors: by layer, from the input on, a `Monitor` of its outgoing spikes (`s_out`), what its `get_data`
            gave, or that array itself: (samples x steps, neurons); a monitor of as many steps as were run.
        weights: by `FROM->TO`, the matrix of the `Dense` process in Lava's form, (target neurons, source neurons);
            of a `Sparse` process, its sparse matrix.
        inputs: names of the layers that are fed from outside, such as those of a `RingBuffer`.
        samples: number of samples of equal length.
        phases: time steps of each phase of a sample, in order; by default all are of one phase, `free`.

    Raises:
        DataError: for a recording of several variables, of graded spikes (their number is a payload, no number of
            spikes), or whose length is no multiple of the samples; for a matrix that does not fit the layers.
        ConfigError: for an unknown layer, or phases of another length.
    """
    number = whole("samples", samples, low=1)
    for what, given in (("monitors", monitors), ("weights", weights)):
        if not isinstance(given, Mapping):
            raise ConfigError(f"{what} must be given by name, got {type(given).__name__}")
    spikes = {name: _by_sample(name, _recorded(name, m), number) for name, m in monitors.items()}
    connections = [_connection(name, matrix) for name, matrix in weights.items()]
    return count_arrays(spikes, connections, inputs=inputs, phases=phases)


def _connection(name: str, matrix: Any) -> Connection:
    source, arrow, target = str(name).partition("->")
    if not arrow:
        raise ConfigError(f"weights must be named FROM->TO, got '{name}'")
    sparse = hasattr(matrix, "tocoo") or is_sparse_tensor(matrix)
    given: Any = matrix if sparse else plain(matrix, f"weights of '{name}'")
    if is_sparse_tensor(given):
        given = given.detach().to_sparse_coo()  # its other layouts cannot be turned
    if len(given.shape) != 2:
        raise DataError(
            f"weights of '{name}' must have the shape (target neurons, source neurons), got {given.shape}"
        )
    return Connection.dense(source, target, given.T)


def _recorded(name: str, monitor: Any) -> Any:
    """The array of the one variable of the one process that was probed."""
    data = monitor.get_data() if hasattr(monitor, "get_data") else monitor
    while isinstance(data, Mapping):
        if len(data) != 1:
            raise DataError(
                f"the recording of '{name}' must be of one variable of one process, got {sorted(data)}; "
                "give the array of its spikes"
            )
        (data,) = data.values()
    array = plain(data, f"spikes of '{name}'")
    refuse_no_spikes(name, array, most=1)
    return array


def _by_sample(name: str, recorded: Any, samples: int) -> Any:
    if recorded.ndim < 2 or len(recorded) % samples:
        raise DataError(
            f"spikes of '{name}' must have the shape (samples x steps, neurons) with {samples} samples of equal "
            f"length, got {recorded.shape}"
        )
    return recorded.reshape(samples, len(recorded) // samples, *recorded.shape[1:])

"""A trained network as one file of the Neuromorphic Intermediate Representation (NIR, HDF5), and back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqspike.core.errors import ConfigError, DataError, UnsupportedError, missing_package
from eqspike.core.grid import snap
from eqspike.core.learner import Arrays
from eqspike.core.network import Network
from eqspike.core.neurons import CurrentBased, Neuron
from eqspike.systems import System

try:
    import nir

    from eqspike.deploy.nir_graph import (
        FORMS,
        layers_graph,
        population_graph,
        with_bias_channels,
    )
    from eqspike.deploy.nir_metadata import describe
    from eqspike.deploy.nir_reading import form_of, read_layers, read_population
except ImportError as error:
    if error.name not in ("nir", "h5py"):
        raise
    raise missing_package("nir", "nir", "format 'nir'") from error

__all__ = ["FORMS", "NirNetwork", "nir_graph", "read_nir", "with_bias_channels", "write_nir"]

STEP_SECONDS = 1e-3


@dataclass(frozen=True)
class NirNetwork:
    """What a NIR file of ours holds.

    Attributes:
        form: `population` or `layers`.
        network, neuron: as in a `System`.
        step_seconds: length of a time step.
        weights: weights and biases as they act, by name, in the shapes a session loads.
        metadata: rule, phases, encoder, read-out, units and origin, as nested plain data.
    """

    form: str
    network: Network
    neuron: CurrentBased
    step_seconds: float
    weights: Arrays
    metadata: dict[str, Any]


def nir_graph(
    system: System, weights: Arrays, *, form: str = FORMS[0], step_seconds: float = STEP_SECONDS,
    origin: Mapping[str, str] | None = None,
) -> nir.NIRGraph:  # fmt: skip
    """A trained network as a NIR graph; see `nir_graph.py` for the mapping.

    Args:
        system: what was trained; weights: its stored weights and biases.
        form: one of `FORMS`.
        step_seconds: time that one step stands for.
        origin: texts that say where the weights come from.

    Raises:
        UnsupportedError: for a neuron that NIR's nodes cannot express.
        ConfigError: for an unknown form, or a step that is not above 0.
    """
    neuron = _expressible(system.neuron)
    if form not in FORMS:
        raise ConfigError(
            f"the form of a NIR graph must be one of {', '.join(FORMS)}, got '{form}'"
        )
    if not 0 < step_seconds < float("inf"):
        raise ConfigError(
            f"the time step must be a finite number of seconds above 0, got {step_seconds}"
        )
    build = {"population": population_graph, "layers": layers_graph}[form]
    acting = {name: snap(array, system.precision).astype(float) for name, array in weights.items()}
    graph = build(system.network, neuron, acting, step_seconds)
    graph.metadata = describe(system, form, step_seconds, origin or {})
    return graph


def write_nir(graph: nir.NIRGraph) -> bytes:
    """Content of the file of a graph."""
    file = io.BytesIO()
    nir.write(file, graph)
    return file.getvalue()


def read_nir(path: Path) -> NirNetwork:
    """Read a file that eqspike wrote.

    Raises:
        DataError: if it is missing, damaged, or holds another kind of graph.
    """
    try:
        graph = nir.read(path)
    except (OSError, KeyError, ValueError, TypeError, AssertionError) as error:
        raise DataError(f"{path}: cannot be read as a NIR file: {error}") from error
    form = form_of(graph)
    read = {"population": read_population, "layers": read_layers}[form]
    try:
        network, neuron, step_seconds, weights = read(graph)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return NirNetwork(form, network, neuron, step_seconds, weights, graph.metadata)


def _expressible(neuron: Neuron) -> CurrentBased:
    """The neuron, if NIR has a node that behaves like it."""
    if type(neuron) is not CurrentBased:
        raise UnsupportedError(
            f"NIR has no node for the {neuron.kind} neuron: none of its nodes clips a current to 0..1 or adapts, "
            "and its spiking nodes reset to a fixed potential, never by subtraction; train a model with "
            "neuron.kind 'current-based', such as eqspike-100-loihi, and export that"
        )
    for name in ("current_decay", "voltage_decay"):
        if getattr(neuron, name) == 0:
            raise UnsupportedError(
                f"NIR's CubaLIF has finite time constants: neuron.{name} must be above 0, got 0"
            )
    return neuron

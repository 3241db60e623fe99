"""Refusing a neuron of which an engine has no twin."""

from __future__ import annotations

from collections.abc import Iterable

from eqspike.core.errors import UnsupportedError
from eqspike.core.neurons.protocol import AnyRateNeuron, Neuron


def no_twin(where: str, neuron: Neuron | AnyRateNeuron, known: Iterable[type]) -> UnsupportedError:
    """The refusal of a neuron of none of the known classes; a subclass of one of them is another neuron."""
    names = ", ".join(str(getattr(each, "kind", each.__name__)) for each in known)
    own = not type(neuron).__module__.startswith("eqspike.")
    of = f" of your own (class {type(neuron).__qualname__})" if own else ""
    return UnsupportedError(
        f"{where} knows neuron.kind {names}, got {neuron.kind}{of}; use an engine that runs a neuron's own step: "
        "reference, or brian2"
    )

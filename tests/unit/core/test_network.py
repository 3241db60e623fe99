"""Names and shapes of a chain of layers."""

from __future__ import annotations

import pytest

from eqspike.core.errors import ConfigError
from eqspike.core.network import layered


def test_one_hidden_layer() -> None:
    """The usual network: the input does not listen, the rest is coupled both ways."""
    network = layered((784, 100, 10))
    assert [layer.name for layer in network] == ["input", "hidden", "output"]
    assert network.input.size == 784
    assert network.output.size == 10
    assert network.free_layers == network.layers[1:]
    first, second = network.couplings
    assert (first.name, first.shape, first.directions) == (
        "input-hidden",
        (784, 100),
        ("input->hidden",),
    )
    assert (second.name, second.shape, second.directions) == (
        "hidden-output",
        (100, 10),
        ("hidden->output", "output->hidden"),
    )
    assert network.synapses == 784 * 100 + 100 * 10


def test_more_hidden_layers_are_numbered() -> None:
    """From the input."""
    network = layered((3, 4, 5, 2))
    assert [layer.name for layer in network] == ["input", "hidden1", "hidden2", "output"]
    assert [c.name for c in network.couplings] == [
        "input-hidden1",
        "hidden1-hidden2",
        "hidden2-output",
    ]
    assert [c.bidirectional for c in network.couplings] == [False, True, True]


@pytest.mark.parametrize("sizes", [(), (3,), (3, 2), (3, 0, 2), (3, -1, 2)])
def test_impossible_chains_are_refused(sizes: tuple[int, ...]) -> None:
    """Naming what was given."""
    with pytest.raises(ConfigError, match="at least three sizes") as error:
        layered(sizes)
    assert str(list(sizes)) in str(error.value)

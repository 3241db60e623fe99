"""Layers on cores: hand-computed memory, splits and refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eqspike.chips import load_profile
from eqspike.core.errors import UnsupportedError
from eqspike.core.network import layered
from eqspike.deploy.mapping import map_to_cores, synapse_bytes

LOIHI = load_profile("loihi1")


def limited(**limits: int) -> object:
    """Loihi with other limits; 0 takes a limit away."""
    merged = {**LOIHI.limits, **limits}
    return replace(LOIHI, limits={name: limit for name, limit in merged.items() if limit})


@pytest.mark.parametrize(
    ("lines", "neurons", "expected"),
    [
        (1, 1, 8),  # 8 + 10 bits in one word
        (1, 6, 8),  # 58 bits
        (1, 7, 16),  # 66 bits: a second word
        (1, 64, 72),  # 522 bits: nine words
        (1, 65, 80),  # a second block
        (784, 100, 784 * 112),
    ],
)
def test_synapse_memory(lines: int, neurons: int, expected: int) -> None:
    """Blocks of 64 weights of 8 bits with 10 bits of header, in words of 64 bits."""
    assert synapse_bytes(lines, neurons) == expected


def test_a_small_network_takes_a_core_a_layer() -> None:
    """784-100-10: what is used by hand."""
    mapping = map_to_cores(layered((784, 100, 10)), LOIHI)
    hidden, output = mapping.layers
    assert mapping.cores == 2
    assert hidden.cores == ((0, 99),)
    assert hidden.used == {
        "neurons_per_core": 100,
        "synapse_bytes_per_core": (784 + 10) * 112,
        "input_axons_per_core": 794,
        "neuron_settings_per_core": 1,
        "threshold_settings_per_core": 1,
        "synapse_settings_per_core": 2,
        "output_axons_per_core": 100,
    }
    assert output.used["synapse_bytes_per_core"] == 100 * 16
    assert set(hidden.used) | {"cores", "neurons"} == set(mapping.limits)


def test_layers_are_split_where_memory_is_short() -> None:
    """784-300-10 needs 3 cores for the hidden layer; no neuron is lost or doubled."""
    mapping = map_to_cores(layered((784, 300, 10)), LOIHI)
    hidden = mapping.layers[0]
    assert len(hidden.cores) == 3
    assert [n for first, last in hidden.cores for n in range(first, last + 1)] == list(range(300))
    assert 794 * 112 == hidden.used["synapse_bytes_per_core"] <= 131072 < synapse_bytes(794, 150)
    assert mapping.layers[1].used["output_axons_per_core"] == 10 * 3


def test_layers_are_split_where_axons_are_short() -> None:
    """Each neuron takes an output axon for each core it reaches."""
    chip = limited(output_axons_per_core=40)
    mapping = map_to_cores(layered((20, 100, 10)), chip)  # type: ignore[arg-type]
    hidden, output = mapping.layers
    assert len(hidden.cores) == 3
    assert hidden.used["output_axons_per_core"] == 34
    assert output.used["output_axons_per_core"] == 10 * 3
    assert all(layer.used["output_axons_per_core"] <= 40 for layer in mapping.layers)


@pytest.mark.parametrize(
    ("sizes", "limits", "message"),
    [
        ((5000, 10, 10), {}, r"layer 'hidden' .* input_axons_per_core would be 5010 .* 4096"),
        ((784, 100, 10), {"cores": 1}, r"Intel Loihi.*: cores would be 2, allowed are 1"),
        ((784, 100, 10), {"neurons": 50}, "neurons would be 110, allowed are 50"),
        ((20, 10, 10), {"synapse_settings_per_core": 1}, "synapse_settings_per_core would be 2"),
        ((20, 10, 10), {"output_axons_per_core": 5}, "output_axons_per_core would be 10"),
    ],
)
def test_what_does_not_fit_is_refused(
    sizes: tuple[int, ...], limits: dict[str, int], message: str
) -> None:
    """With what is needed and what is allowed."""
    with pytest.raises(UnsupportedError, match=message):
        map_to_cores(layered(sizes), limited(**limits))  # type: ignore[arg-type]


def test_an_unknown_limit_is_not_checked() -> None:
    """And not claimed to be."""
    chip = limited(input_axons_per_core=0)
    mapping = map_to_cores(layered((5000, 10, 10)), chip)  # type: ignore[arg-type]
    assert "input_axons_per_core" not in mapping.limits

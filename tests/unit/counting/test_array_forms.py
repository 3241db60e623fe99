"""Counts from spike arrays of other forms: axes, tensors, sparse matrices, several spikes in a step."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting import Connection, count_arrays, count_lava

SPIKES = {
    "input": np.array([[[1, 0, 1], [1, 1, 1], [0, 0, 0]], [[0, 1, 0], [0, 0, 0], [1, 0, 0]]]),
    "output": np.array([[[0, 1], [1, 1], [0, 0]], [[0, 0], [0, 0], [0, 1]]]),
}
"""Two samples of three steps: the inputs spike 3, 2 and 2 times, the outputs once and 3 times."""

FORWARD = Connection.dense("input", "output", np.array([[0.5, 0.0], [0.0, 0.0], [1.0, -2.0]]))
WITHIN = Connection.listed("output", "output", 2, [1, 1, 1], [0.1, 0.0, -0.2])


def test_several_spikes_in_a_step() -> None:
    """Neurons that fire twice in a step send two spikes; Lava's numbers are payloads, and refused."""
    twice = {**SPIKES, "input": SPIKES["input"] * np.array([1, 2, 3])}
    counts = count_arrays(twice, [FORWARD], inputs=["input"]).phases["free"]
    # the inputs spike 3, 2 and 2 times: 3 + 2 x 2 + 3 x 2 spikes, through 2 synapses each
    assert counts.layers["input"] == LayerCounts(13)
    assert counts.couplings == {"input->output": CouplingCounts(26, 3 * 1 + 4 * 0 + 6 * 2)}
    with pytest.raises(DataError, match="'a' must be 0 or 1, got values from 2 to 2"):
        count_lava({"a": np.full((3, 1), 2)}, {}, inputs=[])


def test_order_of_axes() -> None:
    """Time first, neurons in the middle, and one sample alone give the same counts."""
    expected = count_arrays(SPIKES, [FORWARD, WITHIN], inputs="input")
    for axes in permutations(("samples", "steps", "neurons")):
        order = [("samples", "steps", "neurons").index(axis) for axis in axes]
        turned = {name: raster.transpose(order) for name, raster in SPIKES.items()}
        assert count_arrays(turned, [FORWARD, WITHIN], inputs=["input"], axes=axes) == expected
    images = {n: s.reshape(2, 3, 1, -1, 1).transpose(1, 2, 3, 4, 0) for n, s in SPIKES.items()}
    axes = ("steps", "neurons", "samples")
    assert count_arrays(images, [FORWARD, WITHIN], inputs=["input"], axes=axes) == expected
    alone = [
        count_arrays(
            {n: s[sample] for n, s in SPIKES.items()}, [FORWARD, WITHIN], inputs=["input"],
            axes=("steps", "neurons"), steps=3,
        )
        for sample in range(2)
    ]  # fmt: skip
    assert alone[0] + alone[1] == expected


def test_steps_and_axes_are_checked() -> None:
    """An array does not tell that time comes first; the number of steps does."""
    turned = {name: raster.swapaxes(0, 1) for name, raster in SPIKES.items()}
    with pytest.raises(
        DataError, match=r"must have 3 steps, got 2 steps of 3 samples.+ by axes=\('steps'"
    ):
        count_arrays(turned, [FORWARD], inputs=["input"], steps=3)
    for axes in (
        "TBN",
        ("time", "neurons"),
        ("samples", "neurons"),
        ("steps", "steps", "neurons"),
        (),
        None,
        3,
    ):
        with pytest.raises(ConfigError, match="axes must be samples, steps, neurons"):
            count_arrays(turned, [FORWARD], inputs=["input"], axes=axes)


@pytest.mark.parametrize(
    "form", ["bfloat16", "float16", "sparse", "list", "quantized", "cuda", "float8"]
)
def test_tensors_of_any_form(form: str) -> None:
    """Precisions NumPy does not have, entries alone, one tensor a step, another device."""
    torch = pytest.importorskip("torch")
    if form == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    forms: dict[str, Callable[[Any], Any]] = {
        "bfloat16": lambda t: t.to(torch.bfloat16).requires_grad_(),
        "float8": lambda t: t.to(torch.float8_e4m3fn),
        "float16": lambda t: t.half(),
        "sparse": lambda t: t.to_sparse(),
        "list": lambda t: list(t.requires_grad_().unbind(0)),
        "quantized": lambda t: torch.quantize_per_tensor(t, 1.0, 0, torch.qint8),
        "cuda": lambda t: t.cuda(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, on some of its own forms
        spikes = {name: forms[form](torch.tensor(s).float()) for name, s in SPIKES.items()}
    found = count_arrays(spikes, [FORWARD], inputs=["input"])
    assert found == count_arrays(SPIKES, [FORWARD], inputs=["input"])


@pytest.mark.parametrize("layout", ["to_sparse", "to_sparse_csr"])
def test_a_sparse_tensor_stores_its_entries(layout: str) -> None:
    """As a sparse matrix of SciPy; what is given in two parts is one synapse."""
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = getattr(torch.tensor([[0.5, 0.0], [0.0, 0.0], [0.0, 2.0]]), layout)()
    connection = Connection.dense("input", "output", matrix)
    assert (connection.stored.tolist(), connection.target_size) == ([1, 0, 1], 2)
    monitors = {name: raster.reshape(6, -1) for name, raster in SPIKES.items()}
    found = count_lava(monitors, {"output->input": matrix}, inputs=["input"]).phases["free"]
    # outputs spike once and 3 times, through one synapse each
    assert found.couplings == {"output->input": CouplingCounts(4, 4)}
    sparse = pytest.importorskip("scipy.sparse")
    parts = sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(3, 2))
    assert Connection.dense("input", "output", parts).stored.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((SPIKES["input"], [FORWARD]), {}, "spikes must be given by layer"),
        ((SPIKES, {"input->output": 1}), {}, "connections must be a list of Connection objects"),
        ((SPIKES, [FORWARD]), {"phases": {"free": 2.5, "nudged": 0.5}}, "phase 'free' must be a whole"),
        ((SPIKES, [FORWARD]), {"phases": {"free": True, "nudged": 2}}, "phase 'free' must be a whole"),
        ((SPIKES, [FORWARD]), {"phases": {"free": 4, "nudged": -1}}, "phase 'nudged' must be a whole"),
        ((SPIKES, [FORWARD]), {"steps": "3"}, "steps must be a whole number at least 1, got '3'"),
        ((SPIKES, [FORWARD]), {"steps": True}, "steps must be a whole number at least 1, got True"),
        ((SPIKES, [FORWARD]), {"phases": [3]}, "phases must be steps by name"),
        ((SPIKES, [FORWARD]), {"inputs": "pixels"}, "input 'pixels' must be one of"),
        ((SPIKES, [FORWARD]), {"inputs": 3}, "names must be given as texts"),
    ],
)  # fmt: skip
def test_arguments_of_another_kind_are_refused(
    arguments: Any, options: dict[str, Any], message: str
) -> None:
    """By a message that says what is wanted."""
    with pytest.raises(ConfigError, match=message):
        count_arrays(*arguments, **{"inputs": ["input"], **options})


def test_a_connection_has_two_numbers_for_each_neuron() -> None:
    """Also one that is made by hand, of lists."""
    by_hand = Connection("input", "output", [2, 2, 2], [1, 0, 2], 2)  # type: ignore[arg-type]
    assert count_arrays(SPIKES, [by_hand], inputs=["input"]) == count_arrays(
        SPIKES, [FORWARD], inputs=["input"]
    )
    with pytest.raises(DataError, match=r"one for each source neuron, got \(3,\) and \(2,\)"):
        Connection("input", "output", np.ones(3, np.int64), np.ones(2, np.int64))


def test_one_input_needs_no_list() -> None:
    """A text is not taken for its letters."""
    found = count_arrays(SPIKES, [FORWARD], inputs="input")
    assert found == count_arrays(SPIKES, [FORWARD], inputs=["input"])


def test_weights_and_indices_must_be_numbers() -> None:
    """NaN is no weight, half an index no neuron."""
    with pytest.raises(DataError, match="weights of 'a->b' must be numbers, got NaN"):
        Connection.dense("a", "b", [[1.0, np.nan]])
    with pytest.raises(DataError, match="weights of 'a->b' must be numbers, got NaN"):
        Connection.listed("a", "b", 1, [0], [np.nan])
    with pytest.raises(DataError, match=r"must start at indices of neurons"):
        Connection.listed("a", "b", 2, [0.5])
    with pytest.raises(DataError, match=r"must start at a whole number of neurons, got 2.0"):
        Connection.listed("a", "b", 2.0, [0])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"'a->b' must have the shape \(target neurons, source"):
        count_lava({"a": np.zeros((3, 1))}, {"a->b": np.zeros(3)}, inputs=[])
    with pytest.raises(ConfigError, match="samples must be a whole number at least 1, got 0"):
        count_lava({"a": np.zeros((3, 1))}, {}, inputs=[], samples=0)

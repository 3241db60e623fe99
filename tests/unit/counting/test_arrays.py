"""Counts from spike arrays, against delivering every spike through every synapse by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import CouplingCounts, LayerCounts, PhaseCounts
from eqspike.core.errors import ConfigError, DataError, EqspikeError
from eqspike.counting import Connection, count_arrays, count_lava

SPIKES = {
    "input": np.array([[[1, 0, 1], [1, 1, 1], [0, 0, 0]], [[0, 1, 0], [0, 0, 0], [1, 0, 0]]]),
    "output": np.array([[[0, 1], [1, 1], [0, 0]], [[0, 0], [0, 0], [0, 1]]]),
}
"""Two samples of three steps: the inputs spike 3, 2 and 2 times, the outputs once and 3 times."""

FORWARD = Connection.dense("input", "output", np.array([[0.5, 0.0], [0.0, 0.0], [1.0, -2.0]]))
WITHIN = Connection.listed("output", "output", 2, [1, 1, 1], [0.1, 0.0, -0.2])


def test_by_hand() -> None:
    """Seven input spikes through two synapses each, of which 1, 0 and 2 are not zero."""
    counts = count_arrays(SPIKES, [FORWARD, WITHIN], inputs=["input"])
    assert counts.samples == 2
    assert counts.phases == {
        "free": PhaseCounts(
            6,
            {"input": LayerCounts(7), "output": LayerCounts(4, 12)},
            {
                # 3 x 1 + 2 x 0 + 2 x 2 of non-zero weights; three synapses start at the second output
                "input->output": CouplingCounts(14, 7),
                "output->output": CouplingCounts(9, 6),
            },
        )
    }


def test_phases_divide_each_sample() -> None:
    """The first step of both samples, and the other two."""
    counts = count_arrays(SPIKES, [FORWARD], inputs=["input"], phases={"settling": 1, "reading": 2})
    assert list(counts.phases) == ["settling", "reading"]
    settling, reading = counts.phases.values()
    assert (settling.sample_steps, reading.sample_steps) == (2, 4)
    assert settling.layers == {"input": LayerCounts(3), "output": LayerCounts(1, 4)}
    assert reading.layers == {"input": LayerCounts(4), "output": LayerCounts(3, 8)}
    whole = count_arrays(SPIKES, [FORWARD], inputs=["input"]).phases["free"]
    assert settling + reading == whole


def test_samples_add_up() -> None:
    """Counting apart and adding is counting together."""
    apart = [
        count_arrays({n: s[i : i + 1] for n, s in SPIKES.items()}, [FORWARD], inputs=["input"])
        for i in range(2)
    ]
    assert apart[0] + apart[1] == count_arrays(SPIKES, [FORWARD], inputs=["input"])


def test_connections_of_the_same_layers_are_one_coupling() -> None:
    """Excitation and inhibition, say."""
    twice = count_arrays(SPIKES, [FORWARD, FORWARD], inputs=["input"]).phases["free"]
    assert twice.couplings == {"input->output": CouplingCounts(28, 14)}


def test_tensors_and_several_axes_of_neurons() -> None:
    """PyTorch's tensors, also those that want a gradient; channels, rows and columns are neurons."""
    torch = pytest.importorskip("torch")
    spikes: dict[str, Any] = {
        "input": torch.tensor(SPIKES["input"], dtype=torch.float32, requires_grad=True),
        "output": torch.tensor(SPIKES["output"]).bool().reshape(2, 3, 1, 2, 1),
    }
    linear = torch.nn.Linear(3, 2)
    connection = Connection.dense("input", "output", linear.weight.T)
    counts = count_arrays(spikes, [connection], inputs=["input"]).phases["free"]
    assert counts.couplings == {"input->output": CouplingCounts(14, 14)}
    assert counts.layers["output"] == LayerCounts(4, 12)


def test_a_sparse_matrix_stores_its_entries() -> None:
    """One of which may be zero."""
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix((np.array([0.5, 0.0, 2.0]), ([0, 0, 2], [0, 1, 1])), shape=(3, 2))
    connection = Connection.dense("input", "output", matrix)
    assert connection.stored.tolist() == [2, 0, 1]
    assert connection.effective.tolist() == [1, 0, 1]


@pytest.mark.parametrize("form", ["array", "data", "monitor"])
def test_what_a_lava_monitor_gives(form: str) -> None:
    """All samples one after the other, and matrices from the other side."""

    class Monitor:
        def __init__(self, spikes: Any) -> None:
            self._spikes = spikes

        def get_data(self) -> dict[str, dict[str, Any]]:
            return {"Process_3": {"s_out": self._spikes}}

    monitors: dict[str, Any] = {name: s.reshape(6, -1) for name, s in SPIKES.items()}
    if form != "array":
        monitors = {name: Monitor(spikes) for name, spikes in monitors.items()}
    if form == "data":
        monitors = {name: monitor.get_data() for name, monitor in monitors.items()}
    weights = {"input->output": np.array([[0.5, 0.0, 1.0], [0.0, 0.0, -2.0]])}
    found = count_lava(monitors, weights, inputs=["input"], samples=2)
    assert found == count_arrays(SPIKES, [FORWARD], inputs=["input"])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"output": np.zeros((2, 4, 2))}, DataError, r"equal samples and steps, got 'input' \(2, 3\)"),
        ({"output": np.zeros((6, 2))}, DataError, r"'output' must have the shape \(samples, steps"),
        ({"output": np.full((2, 3, 2), 0.5)}, DataError, "'output' must be whole numbers of spikes.+ 0.5"),
        ({"input": np.zeros((2, 3, 5))}, DataError, "must start at the 5 neurons of 'input', got .+ 3"),
        ({"output": np.full((2, 3, 2), np.nan)}, DataError, "'output' must be whole numbers of spikes"),
        ({"output": np.full((2, 3, 2), -1)}, DataError, "'output' must be whole numbers of spikes"),
        ({"output": np.full((2, 3, 2), 1e300)}, DataError, "'output' must be whole numbers of spikes"),
        ({"output": np.zeros((2, 3, 3))}, DataError, "must end at the 3 neurons of 'output', got .+ 2"),
        ({"output": [["a"]]}, DataError, "spikes of 'output' must be an array of numbers, got list"),
        ({"output": np.zeros((2, 3, 2), complex)}, DataError, "must be an array of numbers"),
        ({"output": np.ma.masked_equal(SPIKES["output"], 0)}, DataError, "got a masked array"),
        ({"output": None}, ConfigError, "needs the spikes of 'output'; there are those of 'input'"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(
    change: dict[str, Any], error: type[EqspikeError], message: str
) -> None:
    """The layer is named."""
    spikes = {name: array for name, array in {**SPIKES, **change}.items() if array is not None}
    with pytest.raises(error, match=message):
        count_arrays(spikes, [FORWARD], inputs=["input"])


def test_other_mistakes_are_refused() -> None:
    """Names, phases, indices and shapes."""
    with pytest.raises(ConfigError, match="input 'pixels' must be one of the layers"):
        count_arrays(SPIKES, [FORWARD], inputs=["pixels"])
    with pytest.raises(ConfigError, match="phases must have 3 steps together"):
        count_arrays(SPIKES, [FORWARD], inputs=["input"], phases={"free": 2})
    with pytest.raises(DataError, match="no layer"):
        count_arrays({}, [], inputs=[])
    with pytest.raises(DataError, match="must start at neurons 0 to 1, got 0 to 2"):
        Connection.listed("a", "b", 2, [0, 2])
    with pytest.raises(DataError, match="one weight for each of its 2 synapses, got 1"):
        Connection.listed("a", "b", 2, [0, 1], [1.0])
    with pytest.raises(DataError, match="shape"):
        Connection.dense("a", "b", np.zeros(3))
    with pytest.raises(DataError, match="one variable of one process"):
        count_lava({"a": {"p": {"u": np.zeros((3, 1)), "v": np.zeros((3, 1))}}}, {}, inputs=[])
    with pytest.raises(DataError, match="2 samples of equal length"):
        count_lava({"a": np.zeros((3, 1))}, {}, inputs=[], samples=2)
    with pytest.raises(ConfigError, match="FROM->TO"):
        count_lava({"a": np.zeros((3, 1))}, {"a-b": np.zeros((1, 1))}, inputs=[])


def test_the_size_at_the_receiving_end_is_checked() -> None:
    """A 100-100-10 network with the middle matrix given twice: 508,000 operations were counted for 50,800."""
    generator = np.random.default_rng(3)
    spikes = {
        name: generator.integers(0, 2, (2, 5, size))
        for name, size in (("input", 100), ("hidden", 100), ("output", 10))
    }
    middle, last = np.ones((100, 100)), np.ones((100, 10))
    first = Connection.dense("input", "hidden", middle)
    count_arrays(spikes, [first, Connection.dense("hidden", "output", last)], inputs=["input"])
    wrong = Connection.dense("hidden", "output", middle)
    with pytest.raises(DataError, match=r"must end at the 10 neurons of 'output', got .+ of 100"):
        count_arrays(spikes, [first, wrong], inputs=["input"])
    monitors = {name: s.reshape(10, -1) for name, s in spikes.items()}
    matrices = {"input->hidden": middle, "hidden->output": last.T}
    assert count_lava(monitors, matrices, inputs=["input"], samples=2).samples == 2
    with pytest.raises(DataError, match=r"must end at the 10 neurons of 'output', got .+ of 100"):
        count_lava(monitors, {**matrices, "hidden->output": middle}, inputs=["input"])

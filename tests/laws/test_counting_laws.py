"""Laws of counting from outside: what is counted does not depend on how it is cut, ordered or named."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eqspike.core.counts import CouplingCounts, EventCounts, LayerCounts, PhaseCounts
from eqspike.counting import Connection, count_arrays

FEWER = settings(max_examples=50)
Network = tuple[dict[str, NDArray[Any]], NDArray[Any]]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Spikes of an input and of a layer (samples, steps, neurons), and weights of which many are zero."""
    samples, steps, pre, post = (draw(st.integers(1, 5)) for _ in range(4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.floats(0, 1))
    return (
        {
            "a": generator.random((samples, steps, pre)) < share,
            "b": generator.random((samples, steps, post)) < share,
        },
        generator.integers(-1, 2, (pre, post)).astype(float),
    )


def counted(spikes: dict[str, NDArray[Any]], weights: NDArray[Any], **options: Any) -> EventCounts:
    both = [Connection.dense("a", "b", weights), Connection.dense("b", "a", weights.T)]
    return count_arrays(spikes, both, inputs=["a"], **options)


@FEWER
@given(networks())
def test_event_by_event(network: Network) -> None:
    """Every spike is delivered through every synapse of its neuron, one by one."""
    spikes, weights = network
    stored, effective = {"a->b": 0, "b->a": 0}, {"a->b": 0, "b->a": 0}
    for name, matrix in (("a->b", weights), ("b->a", weights.T)):
        for _, _, neuron in np.argwhere(spikes[name[0]]):
            for weight in matrix[neuron]:
                stored[name] += 1
                effective[name] += int(weight != 0)
    samples, steps, neurons = spikes["b"].shape
    assert counted(spikes, weights).phases == {
        "free": PhaseCounts(
            samples * steps,
            {
                "a": LayerCounts(int(spikes["a"].sum())),
                "b": LayerCounts(int(spikes["b"].sum()), samples * steps * neurons),
            },
            {name: CouplingCounts(stored[name], effective[name]) for name in stored},
        )
    }


@FEWER
@given(networks(), st.data())
def test_cuts_through_samples_and_steps_add_up(network: Network, data: st.DataObject) -> None:
    """Samples counted apart, or the phases of each, are counted together."""
    spikes, weights = network
    samples, steps, _ = spikes["a"].shape
    whole = counted(spikes, weights)
    cut = data.draw(st.integers(0, samples))
    parts = [{n: s[piece] for n, s in spikes.items()} for piece in (slice(cut), slice(cut, None))]
    assert counted(parts[0], weights) + counted(parts[1], weights) == whole
    first = data.draw(st.integers(0, steps))
    phases = counted(spikes, weights, phases={"one": first, "two": steps - first}).phases
    assert phases["one"] + phases["two"] == whole.phases["free"]


@FEWER
@given(networks(), st.randoms())
def test_order_of_samples_steps_and_neurons_does_not_matter(network: Network, random: Any) -> None:
    """A count knows no names of neurons."""
    spikes, weights = network
    samples, steps, pre = spikes["a"].shape
    orders = [list(range(size)) for size in (samples, steps, pre)]
    for order in orders:
        random.shuffle(order)
    shuffled = {name: array[orders[0]][:, orders[1]] for name, array in spikes.items()}
    shuffled["a"] = shuffled["a"][:, :, orders[2]]
    assert counted(shuffled, weights[orders[2]]) == counted(spikes, weights)


@FEWER
@given(networks())
def test_synapses_may_be_given_together_or_one_by_one(network: Network) -> None:
    """A matrix, its columns, or a list of its entries."""
    spikes, weights = network
    ends = ("a", "b")
    places, size = np.arange(len(weights)), weights.shape[1]
    columns = [
        Connection.listed(*ends, len(weights), places, column, target_size=size)
        for column in weights.T
    ]
    neurons = np.repeat(np.arange(len(weights)), weights.shape[1])
    listed = [Connection.listed(*ends, len(weights), neurons, weights.ravel())]
    whole = count_arrays(spikes, [Connection.dense(*ends, weights)], inputs=["a"])
    assert count_arrays(spikes, columns, inputs=["a"]) == whole
    assert count_arrays(spikes, listed, inputs=["a"]) == whole


@FEWER
@given(networks(), st.data())
def test_a_spike_more_is_its_synapses_more(network: Network, data: st.DataObject) -> None:
    """Counts grow by what one neuron reaches, and nothing else changes."""
    spikes, weights = network
    silent = np.argwhere(~spikes["a"])
    if not len(silent):
        return
    place = tuple(silent[data.draw(st.integers(0, len(silent) - 1))])
    more = {**spikes, "a": spikes["a"].copy()}
    more["a"][place] = True
    reached = CouplingCounts(weights.shape[1], int(np.count_nonzero(weights[place[2]])))
    added = PhaseCounts(0, {"a": LayerCounts(1)}, {"a->b": reached})
    assert counted(more, weights).phases["free"] == counted(spikes, weights).phases["free"] + added

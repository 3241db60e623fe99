"""Brian2's subgroups, clocks and pathways, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting import count_brian2

brian2 = pytest.importorskip("brian2")
MS = brian2.ms


@pytest.fixture(autouse=True)
def numpy_target() -> Iterator[None]:
    """No compilation; the default clock is set back."""
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = 1 * MS
    yield
    brian2.prefs.codegen.target = before
    brian2.defaultclock.dt = 0.1 * MS


def in_turn(size: int, name: str) -> Any:
    """Neuron k fires in step k."""
    return brian2.NeuronGroup(size, "v : 1", threshold="i == t_in_timesteps", name=name)


def test_clocks_of_different_steps() -> None:
    """Spikes of a slow clock fall in the phases of their time, and its neurons are updated at its own steps."""
    slow = brian2.SpikeGeneratorGroup(1, [0, 0], [2, 8] * MS, dt=1 * MS, name="slow")
    fast = brian2.NeuronGroup(3, "v : 1", threshold="v > 1", dt=0.1 * MS, name="fast")
    monitors = [brian2.SpikeMonitor(group) for group in (slow, fast)]
    brian2.Network(slow, fast, monitors).run(10 * MS)
    found = count_brian2(monitors, [], inputs=[], steps=100, phases={"one": 50, "two": 50})
    for phase in found.phases.values():
        assert phase.sample_steps == 50
        assert phase.layers == {"slow": LayerCounts(1, 5), "fast": LayerCounts(0, 150)}
    fed = count_brian2(monitors, [], inputs=[slow], steps=25, samples=4).phases["free"]
    # 2 ms and 8 ms lie in the first and last quarter; ticks at 0, 1, 2; 3, 4; 5, 6, 7; 8, 9 ms
    assert fed.layers == {"slow": LayerCounts(2, 0), "fast": LayerCounts(0, 300)}
    first, rest = count_brian2(
        monitors, [], inputs=[], steps=25, samples=4, phases={"first": 1, "rest": 24}
    ).phases.values()
    # Samples begin at 0, 2.5, 5 and 7.5 ms, of which two are steps of the slow clock.
    assert (first.layers["slow"].neuron_updates, rest.layers["slow"].neuron_updates) == (2, 8)
    late = count_brian2(monitors, [], inputs=[], steps=35, samples=2, start_s=0.0015)
    with pytest.raises(DataError, match="must hold spikes of the 50 steps"):
        count_brian2(monitors, [], inputs=[], steps=25, samples=2)
    assert late.phases["free"].layers["slow"] == LayerCounts(2, 7)


def test_clocks_that_do_not_fit_are_refused() -> None:
    """No step serves both; a sample begins at a step, within the run."""
    one = brian2.NeuronGroup(1, "v : 1", threshold="v > 1", dt=0.2 * MS, name="one")
    two = brian2.NeuronGroup(1, "v : 1", threshold="v > 1", dt=0.3 * MS, name="two")
    monitors = [brian2.SpikeMonitor(group) for group in (one, two)]
    brian2.Network(one, two, monitors).run(6 * MS)
    with pytest.raises(
        ConfigError, match=r"multiples of the finest, 0.0002 s of 'one'; got 0.0003 s"
    ):
        count_brian2(monitors, [], inputs=[], steps=30)
    assert count_brian2(monitors[:1], [], inputs=[], steps=30).samples == 1
    for options, error, message in (
        ({"steps": 31}, DataError, "must lie in the run, from 0 to 0.006 s; got 0 to 0.0062 s"),
        ({"steps": 15, "samples": 3}, DataError, "got 0 to 0.009 s"),
        ({"steps": 5, "start_s": -0.001}, DataError, "must lie in the run"),
        ({"steps": 5, "start_s": 0.0001}, ConfigError, "start_s must be a whole number of steps"),
        ({"steps": 5, "start_s": float("nan")}, ConfigError, "start_s must be a whole number of steps"),
        ({"steps": 2.5}, ConfigError, "steps must be a whole number at least 1, got 2.5"),
        ({"steps": 0}, ConfigError, "steps must be a whole number at least 1, got 0"),
        ({"steps": 5, "samples": 0}, ConfigError, "samples must be a whole number at least 1"),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            count_brian2(monitors[:1], [], **{"inputs": [], **options})


def test_a_subgroup_is_part_of_its_source() -> None:
    """5 spikes, 25 updates; the three neurons of E reach 5 synapses each."""
    whole = in_turn(5, "P")
    part = whole[:3]
    synapses = brian2.Synapses(part, whole, on_pre="v_post += 1", name="S")
    synapses.connect()
    of_whole, of_part = brian2.SpikeMonitor(whole), brian2.SpikeMonitor(part)
    brian2.Network(whole, synapses, of_whole, of_part).run(5 * MS)
    for monitors in (
        [of_whole],
        [of_whole, of_part],
        [of_part, of_whole],
        of_whole,
        {"P": of_whole},
    ):
        found = count_brian2(monitors, [synapses], inputs=[], steps=5, weight=None).phases["free"]
        assert found.layers == {"P": LayerCounts(5, 25)}
        assert found.couplings == {"P->P": CouplingCounts(15, 15)}
    with pytest.raises(
        ConfigError, match=r"'S' end at neurons 3 to 4 of 'P', of which there is no"
    ):
        count_brian2([of_part], [synapses], inputs=[], steps=5, weight=None)


def test_parts_that_are_monitored_apart() -> None:
    """Excitatory and inhibitory neurons as layers, synapses to both; the same counts as together."""
    whole = in_turn(5, "P")
    excitatory, inhibitory = whole[:3], whole[3:]
    synapses = brian2.Synapses(inhibitory, whole, "w : 1", on_pre="v_post -= w", name="S")
    synapses.connect()
    synapses.w = "i * j"  # i of the subgroup: 0 and 1
    monitors = [brian2.SpikeMonitor(group) for group in (excitatory, inhibitory, whole[2:4])]
    brian2.Network(whole, synapses, monitors).run(5 * MS)
    given = {"E": monitors[0], "I": monitors[1]}
    found = count_brian2(given, {"S": synapses}, inputs=[], steps=5).phases["free"]
    assert found.layers == {"E": LayerCounts(3, 15), "I": LayerCounts(2, 10)}
    assert found.couplings == {"I->E": CouplingCounts(6, 2), "I->I": CouplingCounts(4, 2)}
    with pytest.raises(
        ConfigError, match=r"of neurons 2 to 3 of 'P' overlap|of 'P' and .+ overlap"
    ):
        count_brian2([monitors[0], monitors[2]], [], inputs=[], steps=5)


def test_monitors_that_disagree_are_refused() -> None:
    """The second was made after the first run."""
    whole = in_turn(5, "P")
    first = brian2.SpikeMonitor(whole)
    network = brian2.Network(whole, first)
    network.run(2 * MS)
    late = brian2.SpikeMonitor(whole, name="late")
    network.add(late)
    network.run(3 * MS)
    with pytest.raises(DataError, match="must hold the same spikes of the same neurons"):
        count_brian2([first, late], [], inputs=[], steps=5)


def test_two_pathways_are_one_delivery() -> None:
    """A spike goes once through each synapse, whatever the synapse does with it."""
    whole = in_turn(4, "P")
    synapses = brian2.Synapses(
        whole, whole, on_pre={"acts": "v_post += 1", "learns": "v_post += 0"}
    )
    synapses.connect()
    monitor = brian2.SpikeMonitor(whole)
    brian2.Network(whole, synapses, monitor).run(4 * MS)
    found = count_brian2([monitor], [synapses], inputs=[], steps=4, weight=None).phases["free"]
    assert found.couplings == {"P->P": CouplingCounts(16, 16)}


def test_what_holds_no_spikes_is_refused() -> None:
    """Other monitors, other objects, and names that are not there."""
    group = brian2.NeuronGroup(
        2, "v : 1", threshold="v > 1", events={"crossing": "v > 2"}, name="group"
    )
    synapses = brian2.Synapses(group, group, "w : 1", on_pre="v += w", name="S")
    synapses.connect()
    poisson = brian2.PoissonInput(group, "v", 1, 1 * brian2.Hz, 0)
    spikes = brian2.SpikeMonitor(group)
    others = [
        brian2.StateMonitor(group, "v", record=True), brian2.PopulationRateMonitor(group),
        brian2.EventMonitor(group, "crossing"),
    ]  # fmt: skip
    brian2.Network(group, synapses, spikes, others).run(2 * MS)
    kinds = ("StateMonitor, which holds no spikes", "PopulationRateMonitor, which holds no spikes",
             "EventMonitor, which holds events 'crossing'")  # fmt: skip
    for monitor, kind in zip(others, kinds, strict=True):
        with pytest.raises(ConfigError, match=f"must be a SpikeMonitor, got a {kind}"):
            count_brian2([spikes, monitor], [], inputs=[], steps=2)
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        ([spikes], [poisson], {}, "must be Synapses of Brian2, got a PoissonInput"),
        ([spikes], [group], {}, "'group' must be Synapses of Brian2, got a NeuronGroup"),
        ([spikes], 3, {}, "synapses must be a list of objects of Brian2"),
        (None, [], {}, "monitors must be a list of objects of Brian2"),
        ([], [], {}, "needs a SpikeMonitor of every group"),
        ([spikes, "spikes"], [], {}, "monitor 'without a name' must be a SpikeMonitor, got a str"),
        ([spikes], [synapses, synapses], {}, "synapses 'S' are given twice"),
        ([spikes], {"S": synapses, "T": synapses}, {}, "synapses 'S' are given twice"),
        ([spikes], [synapses], {"weight": {"T": "w"}}, "weight names synapses 'T'"),
        ([spikes], [synapses], {"weight": {"S": "g"}}, "synapses 'S' have no variable 'g'"),
        ([spikes], [synapses], {"weight": 1}, "weight must be the name of a variable"),
        ([spikes], [synapses], {"both_ways": [synapses]}, "which have no on_post"),
        ([spikes], [synapses], {"inputs": ["groop"]}, "input 'groop' must be one of"),
    ]
    for monitors, given, options, message in cases:
        with pytest.raises(ConfigError, match=message):
            count_brian2(monitors, given, **{"inputs": [], "steps": 2, **options})
    assert np.all(count_brian2(spikes, synapses, inputs=group, steps=2).samples == 1)


def test_balanced_network_with_inhibitory_plasticity() -> None:
    """The structure of Brian2's example of Vogels et al. (2011): synapses to the whole, from and to its parts."""
    brian2.seed(3)
    neurons = brian2.NeuronGroup(
        50, "dv/dt = -v / (20*ms) : 1", threshold="v > 1", reset="v = 0", name="neurons"
    )
    neurons.v = "rand() * 1.2"
    excitatory, inhibitory = neurons[:40], neurons[40:]
    con_e = brian2.Synapses(excitatory, neurons, on_pre="v_post += 0.3", name="con_e")
    con_ii = brian2.Synapses(inhibitory, inhibitory, on_pre="v_post -= 0.3", name="con_ii")
    con_ie = brian2.Synapses(
        inhibitory, excitatory, "w : 1\ndrecent/dt = -recent / (20*ms) : 1 (event-driven)",
        on_pre="recent += 1\nw = clip(w - 0.01, 0, 10)\nv_post -= w", on_post="recent += 1", name="con_ie",
    )  # fmt: skip
    for synapses in (con_e, con_ii, con_ie):
        synapses.connect(p=0.3)
    con_ie.w = "int(rand() < 0.5)"
    monitor = brian2.SpikeMonitor(neurons)
    brian2.Network(neurons, con_e, con_ii, con_ie, monitor).run(40 * MS)
    found = count_brian2(
        [monitor], [con_e, con_ii, con_ie], inputs=[], steps=40, weight={"con_ie": "w"}
    ).phases["free"]
    per_neuron = np.bincount(np.asarray(monitor.i), minlength=50)
    fan_out = np.bincount(np.asarray(con_e.i), minlength=50)
    for synapses in (con_ii, con_ie):
        fan_out += np.bincount(np.asarray(synapses.i) + 40, minlength=50)
    operations = int(per_neuron @ fan_out)
    silent = np.bincount(np.asarray(con_ie.i)[np.asarray(con_ie.w) == 0] + 40, minlength=50)
    assert found.layers == {"neurons": LayerCounts(int(per_neuron.sum()), 2000)}
    effective = operations - int(per_neuron @ silent)
    assert operations > 0
    assert found.couplings == {"neurons->neurons": CouplingCounts(operations, effective)}


def test_synfire_chain() -> None:
    """The structure of Brian2's example of Diesmann et al. (1999): input to the first group of ten, P[:100]."""
    groups, size = 10, 100
    neurons = brian2.NeuronGroup(
        groups * size, "dv/dt = -v / (10*ms) : 1", threshold="v > 1", reset="v = 0",
        refractory=5 * MS, name="P",
    )  # fmt: skip
    pulse = brian2.SpikeGeneratorGroup(85, np.arange(85), np.full(85, 2) * MS, name="Pinput")
    chain = brian2.Synapses(neurons, neurons, on_pre="v_post += 0.05", delay=2 * MS, name="S")
    chain.connect(j="k for k in range((int(i/100)+1)*100, (int(i/100)+2)*100) if i < 900")
    entry = brian2.Synapses(pulse, neurons[:size], on_pre="v_post += 0.05", name="Sinput")
    entry.connect()
    monitors = [brian2.SpikeMonitor(pulse), brian2.SpikeMonitor(neurons)]
    brian2.Network(neurons, pulse, chain, entry, monitors).run(50 * MS)
    found = count_brian2(monitors, [chain, entry], inputs=["Pinput"], steps=50, weight=None).phases[
        "free"
    ]
    # The volley runs through: each of 1,000 neurons once, the first 900 to 100 neurons each.
    assert found.layers == {"Pinput": LayerCounts(85), "P": LayerCounts(1000, 50_000)}
    assert found.couplings == {
        "P->P": CouplingCounts(90_000, 90_000),
        "Pinput->P": CouplingCounts(8_500, 8_500),
    }

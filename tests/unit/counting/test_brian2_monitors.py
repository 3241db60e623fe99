"""Counts from the monitors of a Brian2 network that has nothing to do with us."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import ConfigError, DataError
from eqspike.counting import count_brian2

brian2 = pytest.importorskip("brian2")
MS = brian2.ms


@pytest.fixture(scope="module")
def network() -> Iterator[SimpleNamespace]:
    """Three lines drive two neurons that relay what they get; two samples of 10 steps of 0.5 ms.

    Line 0 spikes at steps 1 and 12, line 1 at step 4, line 2 at step 19; each spike that meets a weight of 2
    makes a neuron fire in the same or the next step, but the last of the run.
    """
    with_numpy = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = 0.5 * MS
    lines = brian2.SpikeGeneratorGroup(
        3, [0, 1, 0, 2], np.array([1, 4, 12, 19]) * 0.5 * MS, name="lines"
    )
    cells = brian2.NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0", name="cells")
    # From line 0 twice to cell 0, from line 1 to both, one of them with weight zero; line 2 leads nowhere.
    drive = brian2.Synapses(lines, cells, "g : 1", on_pre="v_post += g", name="drive")
    drive.connect(i=[0, 0, 1, 1], j=[0, 0, 0, 1])
    drive.g = [2, 2, 0, 2]
    # Delivers at spikes of cells, too.
    mutual = brian2.Synapses(
        lines, cells, "g : 1", on_pre="v_post += 0", on_post="g += 0", name="mutual"
    )
    mutual.connect(i=[0, 0, 1, 1], j=[0, 0, 0, 1])
    mutual.g = [2, 2, 0, 2]
    # Learns at spikes of cells, which delivers nothing to them.
    learning = brian2.Synapses(cells, cells, "w : 1", on_post="w += 1", name="learning")
    learning.connect(j="1 - i")
    spikes = [brian2.SpikeMonitor(group, name=f"{group.name}_spikes") for group in (lines, cells)]
    network = brian2.Network(lines, cells, drive, mutual, learning, spikes)
    network.run(10 * MS)
    yield SimpleNamespace(spikes=spikes, drive=drive, mutual=mutual, learning=learning)
    brian2.prefs.codegen.target = with_numpy
    brian2.defaultclock.dt = 0.1 * MS


def counted(network: SimpleNamespace, synapses: Any = None, **changes: Any) -> Any:
    given = {"inputs": ["lines"], "steps": 10, "samples": 2, "weight": "g", **changes}
    return count_brian2(network.spikes, [synapses or network.drive], **given)


def test_by_hand(network: SimpleNamespace) -> None:
    """Spikes of lines 0, 1, 0, 2 pass 2 + 2 + 2 + 0 synapses, of which 2 + 1 + 2 + 0 are not zero."""
    counts = counted(network)
    assert counts.samples == 2
    phase = counts.phases["free"]
    assert phase.sample_steps == 20
    assert phase.layers == {"lines": LayerCounts(4), "cells": LayerCounts(3, 40)}
    assert phase.couplings == {"lines->cells": CouplingCounts(6, 5)}


def test_phases_and_time(network: SimpleNamespace) -> None:
    """Of each sample the first three steps and the other seven; or a sample by itself."""
    early, late = counted(network, phases={"early": 3, "late": 7}).phases.values()
    assert (early.layers["lines"].spikes, late.layers["lines"].spikes) == (2, 2)
    assert (early.sample_steps, late.sample_steps) == (6, 14)
    with pytest.raises(
        DataError,
        match=r"'lines_spikes' must hold spikes of the 10 steps of 0.0005 s from 0 s on, got 2",
    ):
        counted(network, samples=1)
    with pytest.raises(DataError, match="got 2 outside"):
        counted(network, samples=1, start_s=0.005)


def test_synapses_that_deliver_both_ways(network: SimpleNamespace) -> None:
    """`on_post` may learn or deliver: only the user knows; a change of weights is no delivery."""
    for named in ("mutual", ["mutual"], [network.mutual]):
        both = counted(network, network.mutual, both_ways=named).phases["free"].couplings
        # Cell 0 has three synapses, two of them not zero; cell 1 one. Cell 0 spiked twice, cell 1 once.
        assert both == {"lines->cells": CouplingCounts(6, 5), "cells->lines": CouplingCounts(7, 5)}
    with pytest.raises(
        ConfigError, match="both_ways names synapses 'drive', which have no on_post"
    ):
        counted(network, both_ways=["drive"])
    with pytest.raises(ConfigError, match="synapses 'learning' have no on_pre at a spike"):
        counted(network, network.learning)


def test_names_are_checked(network: SimpleNamespace) -> None:
    """Weights, groups and synapses."""
    with pytest.raises(ConfigError, match="synapses 'drive' have no variable 'w'"):
        counted(network, weight="w")
    assert counted(network, weight=None).phases["free"].couplings == {
        "lines->cells": CouplingCounts(6, 6)
    }
    silent = brian2.SpikeMonitor(network.drive.source, record=False, name="silent")
    with pytest.raises(ConfigError, match="monitor 'silent' must keep the time of each spike"):
        count_brian2([silent], [], inputs=[], steps=20)
    with pytest.raises(ConfigError, match="both_ways names synapses 'dirve'"):
        counted(network, both_ways=["dirve"])
    with pytest.raises(ConfigError, match="synapses 'drive' end at 'cells', of which there is no"):
        count_brian2(network.spikes[:1], [network.drive], inputs=[], steps=20, weight="g")

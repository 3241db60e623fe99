"""What is written as NIR is read back exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqspike.core.grid import snap
from eqspike.core.network import layered
from eqspike.core.neurons import CurrentBased
from eqspike.systems.weights import expected_shapes
from eqspike.testing import small_system

pytest.importorskip("nir")
from eqspike.deploy.nir import FORMS, nir_graph, read_nir, write_nir

DECAYS = st.integers(1, 1000).map(lambda thousandths: thousandths / 1000)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file written anew for each example."""
    return tmp_path_factory.mktemp("nir") / "network.nir"


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=3, max_size=5),
    decays=st.tuples(DECAYS, DECAYS),
    threshold=st.floats(0.01, 100),
    step_ms=st.integers(1, 50).map(lambda tenths: tenths / 10),
    precision=st.sampled_from(["float32", "float64"]),
    form=st.sampled_from(FORMS),
    scale=st.floats(0, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_round_trip(
    path: Path, sizes: list[int], decays: tuple[float, float], threshold: float, step_ms: float,
    precision: str, form: str, scale: float, seed: int,
) -> None:  # fmt: skip
    """Layers, neuron, step, and every weight and bias as it acts, to the last bit."""
    neuron = CurrentBased(*decays, threshold)
    system = replace(
        small_system(neuron=neuron, precision=precision),
        network=layered(tuple(sizes)),
        learning_rates=(0.5,) * (len(sizes) - 1),
    )
    generator = np.random.default_rng(seed)
    shapes = expected_shapes(system)
    weights = {name: generator.normal(0, scale, shape) for name, shape in shapes.items()}
    graph = nir_graph(system, weights, form=form, step_seconds=step_ms / 1000)
    path.write_bytes(write_nir(graph))
    found = read_nir(path)
    assert (found.form, found.network, found.neuron) == (form, system.network, neuron)
    assert found.step_seconds == pytest.approx(step_ms / 1000, rel=1e-15)
    assert found.weights.keys() == weights.keys()
    for name, array in weights.items():
        assert found.weights[name].shape == array.shape
        np.testing.assert_array_equal(found.weights[name], snap(array, precision))

"""What a session of the Brian2 engine refuses, keeps and leaves alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqspike.core.errors import ConfigError, EngineError, UnsupportedError
from eqspike.memory import Fixed
from eqspike.systems.weights import initial_weights
from eqspike.testing import SIZES, fixed_memory, samples, small_system

brian2 = pytest.importorskip("brian2")
devices = pytest.importorskip("brian2.devices")
engine = pytest.importorskip("eqspike.engines.brian2")
presenting = pytest.importorskip("eqspike.engines.brian2.presenting")
printing = pytest.importorskip("eqspike.engines.brian2.printing")
runtime = pytest.importorskip("eqspike.engines.brian2.runtime")
targets = pytest.importorskip("eqspike.engines.brian2.targets")
standalone = pytest.importorskip("eqspike.engines.brian2.standalone")
writing = pytest.importorskip("eqspike.engines.brian2.writing")
Mode = printing.Mode
SYSTEM = small_system()


@pytest.fixture
def session() -> Iterator[Any]:
    with engine.Brian2Session(SYSTEM, 1) as opened:
        yield opened


def preferences() -> dict[str, Any]:
    return {name: brian2.prefs[name] for name in list(brian2.prefs)}


def test_no_preference_of_the_user_changes(session: Any) -> None:
    """Neither by importing, building and running, nor when a run fails; and none of them changes a result."""
    images, labels, keys = samples(SYSTEM, 2)
    expected, _ = session.trace(images, labels, keys)
    chosen = {"core.default_float_dtype": np.float32, "codegen.target": "cython"}
    before = preferences()
    try:
        for name, value in chosen.items():
            brian2.prefs[name] = value
        mine = preferences()
        with engine.Brian2Session(SYSTEM, 1) as other:
            spikes, potentials = other.trace(images, labels, keys)
            block = presenting.block_of(SYSTEM, Mode.BATCH, other.weights(), images, labels, keys)
            with pytest.raises(brian2.BrianObjectException):
                other._runners[Mode.BATCH].run(replace(block, functions={}), ())
        assert preferences() == mine
    finally:
        for name in chosen:
            brian2.prefs[name] = before[name]
    assert preferences() == before
    for name, raster in expected.items():
        np.testing.assert_array_equal(spikes[name], raster)
        assert potentials[name].dtype == np.float64


def test_the_device_of_the_user_is_left_alone(session: Any) -> None:
    """The engine runs while the user prepares a program of their own, and adds nothing to it."""
    images, _, keys = samples(SYSTEM, 2)
    expected = session.scores(images, keys)
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        mine = brian2.get_device()
        queue = list(mine.main_queue)
        with engine.Brian2Session(SYSTEM, 1) as other:
            np.testing.assert_array_equal(other.scores(images, keys), expected)
        assert brian2.get_device() is mine
        assert mine.main_queue == queue
        assert not mine.networks
    finally:
        devices.reset_device()
        brian2.all_devices["cpp_standalone"].reinit()


def test_the_magic_network_stays_empty(session: Any) -> None:
    """A user's own `brian2.run` simulates the user's objects alone."""
    images, labels, keys = samples(SYSTEM, 1)
    session.fit(images, labels, keys, 1.0, 0)
    mine = brian2.NeuronGroup(1, "v : 1")
    collected = brian2.Network(brian2.collect())
    assert [item.name for item in collected.objects] == [mine.name]


def test_time_has_units(session: Any) -> None:
    """A time step is a millisecond, membrane potentials and weights are in volts."""
    images, labels, keys = samples(SYSTEM, 2)
    session.fit(images, labels, keys, 1.0, 0)
    circuit = session._runners[Mode.BATCH].circuit
    steps = SYSTEM.rule.free_steps + SYSTEM.rule.nudged_steps
    assert circuit.network.t == 2 * steps * brian2.ms
    for name in ("hidden", "output"):
        assert circuit.groups[name].v.dim == brian2.volt.dim
    assert circuit.synapses["input-hidden"].w.dim == brian2.volt.dim


def test_wrong_input_is_refused(session: Any) -> None:
    """Weights by name and shape, images and labels by form, and what was held before is kept."""
    before = session.weights()
    with pytest.raises(ConfigError, match="must be named"):
        session.load({"extra": np.zeros(3)})
    images, labels, keys = samples(SYSTEM, 2)
    with pytest.raises(ConfigError, match="images must be uint8"):
        session.fit(images.astype(float), labels, keys, 1.0, 0)
    with pytest.raises(ConfigError, match="labels must be from 0 to 3"):
        session.fit(images, labels + 9, keys, 1.0, 0)
    for name, array in session.weights().items():
        np.testing.assert_array_equal(array, before[name])


def test_weights_are_copies_and_the_memory_holds_what_it_can() -> None:
    """Neither what was loaded nor what was given away is held."""
    memory = Fixed(2, (1.0, 1.0), "nearest")
    with engine.Brian2Session(small_system(memory=memory), 1) as session:
        weights = initial_weights(SYSTEM, 9)
        weights["input-hidden"][:] = np.linspace(-3, 3, 360).reshape(30, 12)
        session.load(weights)
        weights["hidden.bias"][:] = 5
        session.weights()["output.bias"][:] = 5
        held = session.weights()
    assert set(np.unique(held["input-hidden"])) == {-1.0, 0.0, 1.0}
    assert not held["hidden.bias"].any()
    assert not held["output.bias"].any()


def test_counts_of_training_and_inference_never_mix(session: Any) -> None:
    """Until they are taken."""
    images, labels, keys = samples(SYSTEM, 1)
    session.fit(images, labels, keys, 1.0, 0)
    with pytest.raises(UnsupportedError, match=r"take_counts\(\)"):
        session.scores(images, keys)
    assert session.take_counts().samples == 1
    assert session.take_counts().samples == 0


def test_without_brian2_the_message_says_how_to_install_it() -> None:
    """As the command line would meet it."""
    code = """
import sys
sys.modules["brian2"] = None
from eqspike.core.errors import MissingPackageError
from eqspike.experiment import open_session
from eqspike.testing import small_system
try:
    open_session(small_system(), engine="brian2")
except MissingPackageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install brian2" in done.stdout


def test_a_compiler_that_fails_is_no_fault_of_eqspike() -> None:
    """Such as on a full disk; whatever else goes wrong stays what it is."""
    failed = type("CompileError", (Exception,), {})
    target = targets.Target("cython")
    with pytest.raises(UnsupportedError, match="TMPDIR"), runtime.compiled(target):
        raise RuntimeError("an object could not be run") from failed()
    with pytest.raises(RuntimeError, match="mistake"), runtime.compiled(target):
        raise RuntimeError("mistake")


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("rounding", ["stochastic", "nearest"])
@pytest.mark.parametrize("encoder", ["poisson", "constant-current"])
def test_a_run_is_given_the_functions_that_its_texts_name(
    mode: Any, rounding: str, encoder: str
) -> None:
    """And no others, which a compiled program would not know."""
    system = small_system(SIZES[0], encoder=encoder, memory=fixed_memory(4, rounding, 2))
    images, labels, keys = samples(system, 1)
    writes = writing.no_writing(system) if mode is Mode.ONLINE else None
    block = presenting.block_of(system, mode, {}, images, labels, keys, writes)
    layers, couplings = system.network.free_layers, system.network.couplings
    texts = [str(printing.layer_text(system, layer, mode)) for layer in layers]
    texts += [str(printing.synapse_text(system, coupling, mode)) for coupling in couplings]
    named = re.findall(r"(\w+)\(t\b", " ".join([printing.INPUT_STEP, *texts]))
    assert set(block.functions) == set(named)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("failed"), ValueError("cut")]
)
def test_a_program_that_leaves_no_results_is_no_fault_of_eqspike(error: Exception) -> None:
    """It is said where it ran, what was wrong and what to do."""
    with (
        pytest.raises(EngineError, match=r"in somewhere .*is there room"),
        standalone.whole_files(Path("somewhere")),
    ):
        raise error

"""Running a circuit as a program of its own: the target `cpp_standalone`.

Brian2 writes C++ for the whole network. It is compiled once for a circuit; each block then starts the program,
which reads weights, inputs and the duration from files and its command line, and leaves its results in files.
"""

from __future__ import annotations

import os
import shutil
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import NeuronGroup, ms, second
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from numpy.typing import NDArray

from eqspike.core.errors import EngineError
from eqspike.core.scratch import make_scratch
from eqspike.core.working_time import WORKING_TIME
from eqspike.engines.brian2.circuit import Circuit, build_circuit
from eqspike.engines.brian2.preferences import engine_at_work
from eqspike.engines.brian2.presenting import (
    Block,
    Recording,
    block_of,
    duration,
    function_of_time,
    namespace_of,
    recording_of,
)
from eqspike.engines.brian2.printing import Mode
from eqspike.engines.brian2.programs import make_program
from eqspike.engines.brian2.reporting import REPORT_SECONDS, reporter_code
from eqspike.engines.brian2.targets import Target
from eqspike.engines.brian2.writing import no_writing
from eqspike.systems import System


class StandaloneRunner:
    """A compiled circuit; see `presenting.Runner`.

    Args:
        system: what to simulate; mode: which phases, and whether weights change.
        target: `cpp_standalone`.
        samples: the largest number of samples in a block.

    Sources, program, inputs and results are in a temporary folder, which is removed by `close` or with the object.

    Attributes:
        seconds: time spent so far in `compile`, in the compiled `program` from start to end, and its part that
            is the `simulation` itself.

    Raises:
        UnsupportedError: if the compiler fails.
    """

    def __init__(self, system: System, mode: Mode, target: Target, samples: int) -> None:
        self._system, self._target = system, target
        self._folder = make_scratch("brian2")
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        # A device of its own, so that a device the user works with is left alone.
        self._device = CPPStandaloneDevice()
        self._functions = _functions(system, mode, samples)
        self.seconds = {"compile": 0.0, "program": 0.0, "simulation": 0.0}
        started = time.perf_counter()
        with engine_at_work(target, self._device), whole_files(self._folder, (OSError,)):
            self._device.activate(build_on_run=False)
            self.circuit = build_circuit(system, mode)
            self._presentation = _presentation(system, self.circuit)
            self._build()
        self.seconds["compile"] = time.perf_counter() - started
        WORKING_TIME.left_out += self.seconds["compile"]

    def run(self, block: Block, watched: tuple[str, ...]) -> Recording:
        """Present a block; it may be shorter than the largest.

        Raises:
            EngineError: if the program fails, or its files are not whole.
        """
        with engine_at_work(self._target, self._device), whole_files(self._folder):
            self._device.run(run_args=self._inputs(block), with_output=False)
            self.seconds["program"] += self._device.timers["run_binary"]
            self.seconds["simulation"] += self._device._last_run_time
            for layer, monitor in self.circuit.potentials.items():
                # Brian2 expects as many steps as in the last run; 0 stands for any number.
                monitor.variables["v"].size = (0, self.circuit.groups[layer].N)
            for spikes in self.circuit.spikes.values():
                if not len(spikes.t_) == len(spikes.i[:]) == spikes.N:
                    raise ValueError(f"{spikes.name} has times or neurons missing")
            return recording_of(self._system, self.circuit, block.samples, watched)

    def close(self) -> None:
        """Remove the program and its files."""
        self._remove()

    def _build(self) -> None:
        """Write the program and compile it."""
        device, network = self._device, self.circuit.network
        # The command line decides between batches; see `engine_preferences`.
        device.insert_code("before_start", "std::signal(SIGINT, SIG_IGN);")
        # No time passes here: the objects are prepared and the command line is read. The run itself follows,
        # with the duration found there.
        network.run(
            0 * ms,
            namespace=namespace_of(self.circuit.mode, self._functions),
            report=reporter_code(self._target.title),
            report_period=REPORT_SECONDS * second,
        )
        length = device.get_array_name(self._presentation.variables["length"])
        device.insert_code(
            "main", f"{network.name}.run({length}[0], report_progress, {REPORT_SECONDS!r});"
        )
        device.build(directory=str(self._folder), compile=False, run=False)
        make_program(device, self._folder, self._target)
        (self._folder / "inputs").mkdir()

    def _inputs(self, block: Block) -> list[str]:
        """Write the files a run reads; returns the arguments that name them."""
        network, circuit = self._system.network, self.circuit
        length = float(duration(circuit, block.samples))
        arguments = [f"{self._presentation.name}.length={length!r}"]
        for coupling in network.couplings:
            name = f"{circuit.synapses[coupling.name].name}.w"
            arguments.append(self._written(name, block.weights[coupling.name]))
        for layer in network.free_layers:
            arguments.append(
                self._written(f"{layer.name}.bias", block.weights[f"{layer.name}.bias"])
            )
        for name, values in block.stored.items():
            holder, prefix = circuit.holder(name)
            arguments.append(self._written(f"{holder.name}.{prefix}stored", values))
        for name, values in block.functions.items():
            function = self._functions[name]
            arguments.append(self._written(f"{function.name}.values", values, function.values.size))
        return arguments

    def _written(self, name: str, values: NDArray[np.float64], size: int = 0) -> str:
        """Write one file, with zeros up to `size` values: the program reads as many as the largest block has."""
        path = Path("inputs") / f"{name}.dat"
        values.tofile(self._folder / path)
        if size > values.size:
            os.truncate(self._folder / path, size * values.itemsize)
        return f"{name}={path}"


@contextmanager
def whole_files(
    folder: Path,
    errors: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError, IndexError),
) -> Iterator[None]:
    """Within this context, a program in `folder` is written, or runs, is given files and leaves others.

    Args:
        errors: that files which are not whole lead to.

    Raises:
        EngineError: if it fails, or a file is not whole: a program does not notice a full disk.
    """
    try:
        yield
    except errors as error:
        raise EngineError(
            f"engine 'brian2': the compiled program in {folder} lacks some of its files: {error}; is there "
            "room on that disk? The variable TMPDIR names another place, and engine 'brian2' alone needs none"
        ) from error


def _functions(system: System, mode: Mode, samples: int) -> dict[str, Any]:
    """The functions of time, with room for `samples` samples: their values are given later."""
    images = np.zeros((1, system.network.input.size), np.uint8)
    writing = no_writing(system) if mode is Mode.ONLINE else None
    one = block_of(system, mode, {}, images, np.zeros(1, np.int64), np.zeros(1, np.uint64), writing)
    return {
        name: function_of_time(name, np.zeros((samples * len(values), *values.shape[1:])))
        for name, values in one.functions.items()
    }


def _presentation(system: System, circuit: Circuit) -> Any:
    """An object that holds the simulated time of a run, so that the command line can set it."""
    group = NeuronGroup(
        1,
        "length : second (shared)",
        clock=circuit.groups[system.network.input.name].clock,
        name="presentation",
    )
    circuit.network.add(group)
    return group

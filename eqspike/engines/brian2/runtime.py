"""Running a circuit within this process: the targets `numpy` and `cython`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brian2 import second, volt

from eqspike.core.errors import UnsupportedError
from eqspike.engines.brian2.circuit import build_circuit
from eqspike.engines.brian2.preferences import engine_at_work
from eqspike.engines.brian2.presenting import (
    Block,
    Recording,
    duration,
    function_of_time,
    lengthened,
    namespace_of,
    recording_of,
)
from eqspike.engines.brian2.printing import Mode
from eqspike.engines.brian2.reporting import REPORT_SECONDS, reporter, say
from eqspike.engines.brian2.targets import Target
from eqspike.systems import System


@contextmanager
def compiled(target: Target) -> Iterator[None]:
    """Within this context, Brian2 compiles what a target needs.

    Raises:
        UnsupportedError: if the compiler fails.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_compiler(error):
            raise
        raise UnsupportedError(
            f"engine 'brian2:{target.name}': the C++ compiler failed; its messages are above. Is there room "
            "for temporary files? The variable TMPDIR names another place; engine 'brian2' computes the same "
            "with NumPy alone"
        ) from error


def _is_of_compiler(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, is the compiler's; its classes have one name in several packages."""
    while error is not None:
        if type(error).__name__ in ("CompileError", "LinkError"):
            return True
        error = error.__cause__ or error.__context__
    return False


class RuntimeRunner:
    """A circuit in the memory of this process; see `presenting.Runner`.

    Args:
        system: what to simulate; mode: which phases, and whether weights change.
        target: `numpy` or `cython`; samples: the largest number of samples in a block.
    """

    def __init__(self, system: System, mode: Mode, target: Target, samples: int) -> None:
        self._system, self._target = system, target
        self.seconds: dict[str, float] = {}
        self._announced = target.name == "numpy"
        with compiled(target), engine_at_work(target):
            self.circuit = build_circuit(system, mode)
            self.circuit.network.store("start")
        # The length of a function of time stands in its Cython code: one length is compiled once.
        self._rows = samples * self.circuit.period if target.name == "cython" else 0

    def run(self, block: Block, watched: tuple[str, ...]) -> Recording:
        """Present a block."""
        if not self._announced:
            say("compiling the Brian2 network (cython), where it is not kept from an earlier use")
            self._announced = True
        circuit = self.circuit
        with compiled(self._target), engine_at_work(self._target):
            circuit.network.restore("start")
            self._load(block)
            for name, monitor in circuit.potentials.items():
                monitor.active = name in watched
            functions = {
                name: function_of_time(name, lengthened(values, self._rows))
                for name, values in block.functions.items()
            }
            circuit.network.run(
                duration(circuit, block.samples),
                namespace=namespace_of(circuit.mode, functions),
                report=reporter(self._target.title, block.samples),
                report_period=REPORT_SECONDS * second,
            )
            return recording_of(self._system, circuit, block.samples, watched)

    def close(self) -> None:
        """Nothing is kept."""

    def _load(self, block: Block) -> None:
        network, circuit = self._system.network, self.circuit
        for coupling in network.couplings:
            circuit.synapses[coupling.name].w = block.weights[coupling.name].ravel() * volt
        for layer in network.free_layers:
            circuit.groups[layer.name].bias = block.weights[f"{layer.name}.bias"] * volt
        for name, values in block.stored.items():
            holder, prefix = circuit.holder(name)
            setattr(holder, f"{prefix}stored", values.ravel() * volt)

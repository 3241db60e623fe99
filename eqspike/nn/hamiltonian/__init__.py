"""Learning in time by echo: recurrent units of Hamiltonian physics that are run backwards to learn."""

from eqspike.nn.hamiltonian.energies import LinearOscillators, LogCoshOscillators
from eqspike.nn.hamiltonian.unit import HamiltonianUnit

__all__ = ["HamiltonianUnit", "LinearOscillators", "LogCoshOscillators"]

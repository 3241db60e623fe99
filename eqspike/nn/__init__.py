"""Torch modules whose backward pass is a physical learning rule, for any PyTorch loop and any optimiser.

They know no YAML, no files and no engine.
"""

from eqspike.nn.hamiltonian import HamiltonianUnit, LinearOscillators, LogCoshOscillators

__all__ = ["HamiltonianUnit", "LinearOscillators", "LogCoshOscillators"]

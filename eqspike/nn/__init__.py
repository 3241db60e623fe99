"""Torch modules whose backward pass is a physical learning rule.

They stand in any PyTorch loop, with any optimiser. They know no YAML, no files and no engine.
"""

from eqspike.core.errors import missing_package

try:
    import torch  # noqa: F401
except ImportError as missing:
    raise missing_package("torch", "torch", "eqspike.nn") from missing

from eqspike.nn.dchn import DCHN_SETTINGS, DCHN_WIDTHS, dchn
from eqspike.nn.energy_block import EnergyBlock, PrecisionWarning, RestWarning
from eqspike.nn.hamiltonian import HamiltonianUnit, LinearOscillators, LogCoshOscillators
from eqspike.nn.settings import EnergySettings
from eqspike.nn.structure import EnergyLayer, Skip
from eqspike.nn.target_propagation import TargetPropagation

__all__ = [
    "DCHN_SETTINGS",
    "DCHN_WIDTHS",
    "EnergyBlock",
    "EnergyLayer",
    "EnergySettings",
    "HamiltonianUnit",
    "LinearOscillators",
    "LogCoshOscillators",
    "PrecisionWarning",
    "RestWarning",
    "Skip",
    "TargetPropagation",
    "dchn",
]

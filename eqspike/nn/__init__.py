"""Torch modules whose backward pass is a physical learning rule, for any PyTorch loop and any optimiser.

They know no YAML, no files and no engine.
"""

from eqspike.core.errors import missing_package

try:
    from .target_propagation import TargetPropagation
except ImportError as missing:
    if missing.name != "torch":
        raise
    raise missing_package("torch", "torch", "modules for PyTorch") from missing

__all__ = ["TargetPropagation"]

"""Event counts of networks that were run elsewhere, by the definitions of `eqspike.core.counts`.

From spike arrays and weights, from Brian2's and Lava's monitors, or from spike arrays and a NIR graph. Nothing of
Brian2, Lava, PyTorch or NIR is imported: their objects are asked for what they hold. See docs/counting.md.
"""

from eqspike.counting.arrays import count_arrays
from eqspike.counting.brian2 import count_brian2
from eqspike.counting.connections import Connection
from eqspike.counting.lava import count_lava
from eqspike.counting.nir import count_nir
from eqspike.energy.counts_file import write_counts_file

__all__ = [
    "Connection",
    "count_arrays",
    "count_brian2",
    "count_lava",
    "count_nir",
    "write_counts_file",
]

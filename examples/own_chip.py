"""Which figure of your own chip matters most: python examples/own_chip.py

`plugins/chip.yaml` describes a chip that does not exist yet. A run is priced on it, then again with the energy of
a synaptic operation and of a neuron update swept over two decades.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import eqspike

quick = "quick" in sys.argv[1:]
chip = str(Path(__file__).parent / "plugins" / "chip.yaml")
run = eqspike.train(
    "eqspike-digits", "digits", out="runs/own_chip", epochs=1 if quick else 10, force=True
)


def inference(**figures: str) -> float:
    """Typical energy of an inference in joules, with some figures of the chip replaced."""
    report = eqspike.estimate_run(run, [chip], figures={"chip": figures})
    return report.chips[0].inference.estimate.dynamic_per_sample.typical


print(f"as described: {inference() * 1e9:.1f} nJ per inference at {run.accuracy:.1%}")
picojoules = np.geomspace(0.1, 10, 5 if quick else 21)
figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
for name, usual in (("synaptic_operation", 1), ("neuron_update", 2)):
    energies = [inference(**{name: f"{amount:.4g}pJ"}) for amount in picojoules]
    axes.loglog(picojoules, np.array(energies) * 1e9, label=name.replace("_", " "))
    axes.loglog(usual, inference() * 1e9, "ok")
axes.set(xlabel="energy of one event, pJ", ylabel="energy of an inference, nJ")
axes.set_title("One figure varied, the other as planned (dots)")
axes.legend()
axes.grid(which="both", alpha=0.3)
figure.savefig("own_chip.png", dpi=120)

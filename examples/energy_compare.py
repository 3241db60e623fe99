"""What an inference costs on different chips: python examples/energy_compare.py

Every event of a trained network is counted, then priced with the published figures of each chip. A point is the
typical value, a line the interval; open points are lower bounds, where a profile leaves figures unknown.
"""

import sys

import matplotlib.pyplot as plt

import eqspike

quick = "quick" in sys.argv[1:]
run = eqspike.train(
    "eqspike-100", "mnist-sample", out="runs/energy_compare", epochs=1 if quick else 3,
    limit=500 if quick else None, force=True,
)  # fmt: skip
chips = ["memristor-2t2r", "odin", "loihi1", "truenorth", "spinnaker2", "generic-45nm-int8"]
report = eqspike.estimate_run(run, chips, out="runs/energy_compare/energy")

figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
for row, entry in enumerate(report.chips):
    for shift, what, colour in ((-0.12, "inference", "C0"), (0.12, "training", "C1")):
        estimate = getattr(entry, what).estimate
        energy = estimate.dynamic_per_sample
        axes.plot([energy.low, energy.high], [row + shift] * 2, color=colour, lw=2)
        face = "white" if estimate.gaps else colour
        axes.plot(energy.typical, row + shift, "o", color=colour, markerfacecolor=face)
        bound = "at least " if estimate.lower_bound else ""
        print(f"{entry.chip.name}: {what} {bound}{energy.typical * 1e6:.3g} uJ")
axes.plot([], [], "o-C0", label="inference")
axes.plot([], [], "o-C1", label="training sample")
axes.set(
    xscale="log",
    xlabel="joules per image, static power left out",
    title=f"eqspike-100 on mnist-sample, accuracy {run.accuracy:.0%}",
)
axes.set_yticks(range(len(report.chips)), [entry.chip.name for entry in report.chips])
axes.legend()
axes.grid(axis="x", alpha=0.3)
figure.savefig("energy_compare.png", dpi=120)

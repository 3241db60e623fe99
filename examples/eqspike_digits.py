"""Train a spiking network by Equilibrium Propagation and look at what it learnt: python examples/eqspike_digits.py

Left: the test accuracy of each epoch. Right: the weights of each hidden neuron, as an image of its 8x8 inputs.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import eqspike

quick = "quick" in sys.argv[1:]
run = eqspike.train(
    "eqspike-digits", "digits", out="runs/eqspike_digits", epochs=2 if quick else 15, force=True
)
weights = eqspike.weights(run)["input-hidden"]  # (inputs, hidden neurons)

figure = plt.figure(figsize=(9, 4), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=(1, 1.6))
axes = left.subplots()
axes.plot(range(1, len(run.metrics) + 1), [record["test_accuracy"] for record in run.metrics], "o-")
axes.set(xlabel="epoch", ylabel="test accuracy", title="Learning")
axes.xaxis.get_major_locator().set_params(integer=True)
axes.grid(alpha=0.3)
limit = np.abs(weights).max()
panels = right.subplots(4, 8)
for axes, field in zip(panels.flat, weights.T, strict=True):
    drawn = axes.imshow(field.reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.axis("off")
right.colorbar(drawn, ax=panels, shrink=0.8, label="weight")
right.suptitle("Weights of the 32 hidden neurons", fontsize=12)
figure.savefig("eqspike_digits.png", dpi=120)
print(f"test accuracy {run.accuracy:.1%} after {len(run.metrics)} epochs")

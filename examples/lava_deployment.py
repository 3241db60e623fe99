"""From floats to the integers of Loihi, simulated by Lava: python examples/lava_deployment.py

A run is rounded to the chip's integers and evaluated again. Lava then presents digits, and must give the same
spikes and the same potentials, bit for bit. The picture shows the weights before and after.
"""

import sys

import matplotlib.pyplot as plt

import eqspike

quick = "quick" in sys.argv[1:]
run = eqspike.train(
    "eqspike-digits-loihi", "digits", out="runs/lava_deployment", epochs=1 if quick else 10,
    force=True,
)  # fmt: skip
made = eqspike.deploy_run(run, "loihi1").deployment
found = eqspike.parity(run, ("fast-int", "lava"), samples=1 if quick else 10)
print(f"accuracy {made.floats.accuracy:.1%} in floats, {made.integers.accuracy:.1%} in integers")
print(f"Lava: {found.differing_events} of {found.events} spikes differ")
print(f"Lava: {found.differing_states} of {found.states} potentials differ")

floats, network = eqspike.weights(run), made.network
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for panel, coupling in zip(axes, network.couplings, strict=True):
    panel.plot(floats[coupling.name].ravel(), coupling.mantissas.ravel(), ".", ms=3)
    panel.set(
        title=coupling.name, xlabel="weight", ylabel=f"mantissa (exponent {coupling.exponent})"
    )
figure.suptitle(f"Accuracy {made.floats.accuracy:.1%} before, {made.integers.accuracy:.1%} after")
figure.savefig("lava_deployment.png", dpi=120)

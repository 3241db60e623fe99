"""The same spikes in two simulators: python examples/brian2_parity.py

A trained network is presented digits by the fast engine and by Brian2. In the picture of one digit, a circle is a
spike in the fast engine, a dot is a spike in Brian2.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import eqspike

quick = "quick" in sys.argv[1:]
run = eqspike.train(
    "eqspike-digits", "digits", out="runs/brian2_parity", epochs=1 if quick else 5,
    settings={"training.precision": "float64"}, force=True,
)  # fmt: skip
found = eqspike.parity(run, ("fast", "brian2"), samples=2 if quick else 20)
print(f"{found.differing_events} of {found.events} spikes differ")
print(f"largest weight error {found.max_weight_error:.1e}, counts equal: {found.counts_equal}")

system = eqspike.load_model("eqspike-digits").system
test = eqspike.load_task("digits").load("test")
figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
looks = {
    "fast": {"s": 40, "facecolors": "none", "edgecolors": "C0"},
    "brian2": {"s": 5, "color": "C1"},
}
for engine, look in looks.items():
    with eqspike.open_session(system, engine=engine) as session:
        session.load(eqspike.weights(run))
        trace = session.trace(test.images[:1], test.labels[:1], np.zeros(1, np.uint64))
    spikes = np.concatenate([layer[0] for layer in trace.events.values()], axis=1)
    step, neuron = np.nonzero(spikes)
    axes.scatter(step, neuron, label=engine, **look)
axes.axvline(system.rule.free_steps - 0.5, color="gray", lw=1)
axes.axhline(31.5, color="gray", lw=1)
axes.set(xlabel="time step (nudged after the line)", ylabel="neuron (outputs above the line)")
axes.set_title(
    f"One digit: {found.differing_events} of {found.events} spikes of {found.samples} digits differ"
)
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
figure.savefig("brian2_parity.png", dpi=120)

"""What a pair of spikes does to a weight: python examples/stdp_window.py

Left, isolated pairs of spikes. Right, the mean weight change by lag of all pairs in a network while it learns, for
nudges of both signs: the sign of the curve is that of the nudge.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import eqspike

quick = "quick" in sys.argv[1:]
run = eqspike.train(
    "eqspike-100", "mnist-sample", out="runs/stdp_window", epochs=1, limit=300 if quick else None,
    force=True,
)  # fmt: skip
measured, _ = eqspike.plot_stdp(run, samples=5 if quick else 50)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
alone = measured.pairs[0]
lags = np.arange(len(alone.own)) - len(alone.own) // 2
left.axhline(0, color="gray", lw=1)
left.plot(lags, 1e3 * alone.own, ".-")
left.set(
    xlabel="lag (post minus pre), time steps", ylabel="weight change (thousandths)", xlim=(-40, 40)
)
left.set_title("One pair alone")
right.axhline(0, color="gray", lw=1)
for nudge, seen in measured.in_situ["input-hidden"].items():
    near = np.abs(seen.lags) <= 40
    events = np.bincount(seen.lags[near] + 40, seen.counts[near], 81)
    total = np.bincount(seen.lags[near] + 40, seen.counts[near] * seen.changes[near], 81)
    mean = np.divide(1e3 * total, events, where=events > 0, out=np.full(81, np.nan))
    right.plot(
        np.arange(-40, 41),
        mean,
        label={"positive": "nudge +", "negative": "nudge -"}.get(nudge, nudge),
    )
right.set(xlabel="lag to the nearest spike, time steps", title="In a network that learns")
right.legend()
figure.savefig("stdp_window.png", dpi=120)
print(f"{measured.in_situ['input-hidden']['positive'].events:,} evaluations of the rule looked at")

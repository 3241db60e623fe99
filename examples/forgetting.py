"""Five tasks one after the other, with and without metaplasticity: python examples/forgetting.py

A binary network learns the digits five times, each time with its pixels in another order. With metaplasticity,
weights that mattered resist a change of sign, and earlier tasks are kept longer.
"""

import sys

import matplotlib.pyplot as plt

import eqspike

quick = "quick" in sys.argv[1:]
epochs = 2 if quick else 15
figure, panels = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for panel, strength in zip(panels, (0.0, 15.0), strict=True):
    run = eqspike.train(
        "metaplastic-bp-digits", "permuted-digits", out=f"runs/forgetting/m-{strength:g}",
        epochs=epochs, settings={"learner.metaplasticity": strength}, quiet=True, force=True,
    )  # fmt: skip
    known = [record["test_accuracy_by_stage"] for record in run.metrics]
    for task in range(5):
        seen = [by_task[task] for by_task in known if len(by_task) > task]
        first = len(known) - len(seen)
        panel.plot(range(first + 1, len(known) + 1), seen, label=f"task {task + 1}")
    mean = sum(known[-1]) / 5
    panel.set(
        xlabel="epoch", title=f"metaplasticity {strength:g}: {mean:.0%} of all five at the end"
    )
    panel.grid(alpha=0.3)
    print(f"metaplasticity {strength:g}: mean accuracy on the five tasks {mean:.1%}")
panels[0].set_ylabel("test accuracy")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
figure.savefig("forgetting.png", dpi=120)

"""Difference target propagation in an ordinary PyTorch loop: python examples/target_propagation.py

The picture shows the angle between each layer's own gradient and that of backpropagation, as training goes on.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy

from eqspike.nn.networks import fully_connected
from eqspike.nn.target_propagation import SolvedFeedback, TargetPropagation, layer_angles
from eqspike.tasks import load_task

quick = "quick" in sys.argv[1:]
torch.manual_seed(0)
split = load_task("mnist-sample").load("train").limit(1000 if quick else 5000)
images, labels = torch.tensor(split.images / 255.0).float(), torch.tensor(split.labels)
model = TargetPropagation(fully_connected((784, 128, 64, 10)), activation="matched")
feedback = SolvedFeedback(model, decay=0.95)


def angles() -> list[float]:
    """Of each layer, in degrees."""
    return [row.angle for row in layer_angles(model, images, labels, cross_entropy)]


history = [angles()]  # with random feedback weights
feedback.warm_up(images.split(50))
history.append(angles())
optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(5):
    for some, wanted in zip(images.split(50), labels.split(50), strict=True):
        optimiser.zero_grad()
        loss = cross_entropy(model(some), wanted)  # forwards, as in any network
        feedback.step()  # the feedback weights follow the forward weights
        loss.backward()  # targets backwards, then every layer's own gradient
        optimiser.step()
    history.append(angles())
    written = ", ".join(f"{angle:.1f}" for angle in history[-1])
    print(
        f"epoch {epoch + 1}: loss {loss.item():.3f}, degrees to backpropagation by layer {written}"
    )

figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
for layer, row in enumerate(zip(*history, strict=True), start=1):
    axes.plot(row, "o-", label=f"layer {layer}")
axes.set_xticks(range(7), ["random\nfeedback", "warmed up", *(f"epoch {n}" for n in range(1, 6))])
axes.set(ylabel="degrees", title="Angle to the gradient of backpropagation")
axes.legend()
axes.grid(alpha=0.3)
figure.savefig("target_propagation.png", dpi=120)

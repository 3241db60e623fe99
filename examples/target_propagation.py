"""Difference target propagation in an ordinary PyTorch loop: python examples/target_propagation.py"""

import torch
from torch.nn.functional import cross_entropy

from eqspike.nn.networks import fully_connected
from eqspike.nn.target_propagation import SolvedFeedback, TargetPropagation, layer_angles
from eqspike.tasks import load_task

torch.manual_seed(0)
split = load_task("mnist-sample").load("train")
images, labels = torch.tensor(split.images / 255.0).float(), torch.tensor(split.labels)
model = TargetPropagation(fully_connected((784, 128, 64, 10)), activation="matched")
feedback = SolvedFeedback(model, decay=0.95)
feedback.warm_up(images.split(50))
optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(5):
    for some, wanted in zip(images.split(50), labels.split(50), strict=True):
        optimiser.zero_grad()
        loss = cross_entropy(model(some), wanted)  # forwards, as in any network
        feedback.step()  # the feedback weights follow the forward weights
        loss.backward()  # targets backwards, then every layer's own gradient
        optimiser.step()
    angles = [f"{row.angle:.1f}" for row in layer_angles(model, images, labels, cross_entropy)]
    print(
        f"epoch {epoch + 1}: loss {loss.item():.3f}, degrees to backpropagation by layer {', '.join(angles)}"
    )

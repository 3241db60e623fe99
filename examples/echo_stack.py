"""Oscillators learn by echo which of two tones came first: python examples/echo_stack.py

Two Hamiltonian units stand between ordinary layers; `loss.backward()` is two echoes of each. The picture shows one
input of each class, and the share of right answers as learning goes on.
"""

import sys

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqspike.nn import HamiltonianUnit, LinearOscillators, LogCoshOscillators

quick = "quick" in sys.argv[1:]
torch.manual_seed(0)
first = HamiltonianUnit(LinearOscillators(1, 16))
second = HamiltonianUnit(LogCoshOscillators(16, 16, step=0.1))
model = nn.Sequential(first, nn.Linear(32, 16), nn.GELU(), second, nn.Linear(16, 1))
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
time = torch.arange(120.0)


def batch(order: torch.Tensor) -> torch.Tensor:
    """A low and a high tone with noise, (samples, steps, 1); low first where `order` is 0."""
    low_first = (time < 60) == (order == 0)
    tones = torch.sin(time * torch.where(low_first, 0.3, 0.9) + 6.3 * torch.rand(len(order), 1))
    return (tones + 0.1 * torch.randn(len(order), 120))[..., None]


correct = []
for _step in range(5 if quick else 60):
    order = torch.randint(2, (32, 1))
    guess = model(batch(order)).mean(1)
    loss = nn.functional.binary_cross_entropy_with_logits(guess, order.float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    correct.append(((guess > 0) == (order == 1)).float().mean().item())
print(f"loss {loss.item():.3f}, correct {correct[-1]:.0%} after {len(correct)} steps")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for row, series in enumerate(batch(torch.tensor([[0], [1]]))):
    left.plot(time, series[:, 0] + 3 * row, lw=1, label=("low first", "high first")[row])
left.set(xlabel="time step", title="Two inputs", yticks=[])
left.legend(loc="upper right")
right.plot(range(1, len(correct) + 1), correct)
right.set(xlabel="step of the optimiser", ylabel="share of right answers", title="Learning")
figure.savefig("echo_stack.png", dpi=120)

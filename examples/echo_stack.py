"""Two Hamiltonian units between ordinary layers learn by echo to tell which of two tones came first."""

import torch
from torch import nn

from eqspike.nn import HamiltonianUnit, LinearOscillators, LogCoshOscillators

torch.manual_seed(0)
first = HamiltonianUnit(LinearOscillators(1, 16))  # loss.backward() is two echoes of each unit
second = HamiltonianUnit(LogCoshOscillators(16, 16, step=0.1))
model = nn.Sequential(first, nn.Linear(32, 16), nn.GELU(), second, nn.Linear(16, 1))
optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
time = torch.arange(120.0)

for step in range(40):
    order = torch.randint(2, (32, 1))
    low_first = (time < 60) == (order == 0)
    tones = torch.sin(time * torch.where(low_first, 0.3, 0.9) + 6.3 * torch.rand(32, 1))
    guess = model(tones[..., None] + 0.1 * torch.randn(32, 120, 1)).mean(1)
    loss = nn.functional.binary_cross_entropy_with_logits(guess, order.float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    correct = ((guess > 0) == (order == 1)).float().mean()
    if step % 5 == 4:
        print(f"step {step + 1}: loss {loss.item():.3f}, correct {correct.item():.0%}")

"""Energy blocks under DistributedDataParallel: two processes have the gradient of the whole batch."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from eqspike.nn import EnergyBlock, EnergyLayer, EnergySettings


def make() -> nn.Module:
    torch.manual_seed(0)
    layers = [EnergyLayer(7, activation="tanh"), EnergyLayer(5, activation="tanh")]
    return nn.Sequential(
        nn.Linear(6, 8), EnergyBlock((8,), layers, EnergySettings()), nn.Linear(5, 3)
    )


def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(8, 6, generator=generator), torch.rand(8, 3, generator=generator)


def work(rank: int, folder: str) -> None:
    """One of the two processes: half of the batch, one step."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    model = nn.parallel.DistributedDataParallel(make())
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = (part[4 * rank : 4 * rank + 4] for part in data())
    nn.functional.mse_loss(model(x), y).backward()
    optimiser.step()
    torch.save({n: p.detach() for n, p in model.module.named_parameters()}, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_learn_as_one(tmp_path: Path) -> None:
    command = [sys.executable, __file__, str(tmp_path)]
    processes = [subprocess.Popen([*command, rank]) for rank in "01"]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    model = make()
    start = copy.deepcopy(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    nn.functional.mse_loss(model(data()[0]), data()[1]).backward()
    optimiser.step()
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt")
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(found[name], parameter.detach(), rtol=0, atol=2e-4)
            assert not torch.equal(found[name], start.get_parameter(name))


if __name__ == "__main__":
    work(int(sys.argv[2]), sys.argv[1])

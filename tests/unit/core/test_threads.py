"""How many threads compute: one number, for the compiled engines and for PyTorch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from eqspike.core.errors import ConfigError
from eqspike.core.threads import thread_count
from eqspike.engines.torch.device import THREADED_PRODUCTS, threads
from eqspike.experiment import resolve
from eqspike.experiment.runs import Watcher, open_learner, resume, start
from eqspike.training import RunFolder


@pytest.fixture(autouse=True)
def own_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("EQSPIKE_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert thread_count() == len(os.sched_getaffinity(0))
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert thread_count() == 5
    monkeypatch.setenv("EQSPIKE_THREADS", "3")
    assert thread_count() == 3
    for wrong in ("0", "two", "", "1025"):
        monkeypatch.setenv("EQSPIKE_THREADS", wrong)
        with pytest.raises(ConfigError, match="EQSPIKE_THREADS must be a whole number from 1 to"):
            thread_count()


@pytest.mark.parametrize("others", [1, 2])
def test_engine_torch_takes_them_for_large_products_only(
    monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    monkeypatch.setenv("EQSPIKE_THREADS", "3")
    torch.set_num_threads(others)
    for products, expected in ((THREADED_PRODUCTS - 1, 1), (THREADED_PRODUCTS, 3)):
        with threads(products):
            assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == others


def test_large_batches_do_not_depend_on_the_machines_own_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """784-512-10 in batches of 200: 80 million multiplications a product, above the limit of one thread."""
    monkeypatch.setenv("EQSPIKE_THREADS", "1")
    configuration = resolve("ep-512", "mnist-sample", overrides=("rule.free_steps=5",))
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (200, 784), dtype=np.uint8)
    learnt = []
    for others in (1, 2):
        torch.set_num_threads(others)
        with open_learner(configuration) as learner:
            session = learner.session
            session.fit(images, np.arange(200) % 10, np.arange(200, dtype=np.uint64), 1.0, 0)
            learnt.append(session.weights())
    for name, array in learnt[0].items():
        np.testing.assert_array_equal(array, learnt[1][name])


def test_learners_take_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from eqspike.core.learner import Batch, Pace
    from eqspike.learners.gradient import GradientLearner, levels

    seen = []

    class Watching(torch.nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            return super().forward(inputs)

    monkeypatch.setenv("EQSPIKE_THREADS", "3")
    torch.set_num_threads(2)
    loss = torch.nn.functional.cross_entropy
    batch = Batch(np.zeros((2, 4), np.uint8), np.zeros(2, np.int64), np.arange(2, dtype=np.uint64))
    with GradientLearner(
        Watching(4, 2), lambda module: torch.optim.SGD(module.parameters(), 0.1), loss, levels
    ) as learner:
        learner.fit(batch, Pace(1.0, 0))
        learner.predict(batch)
    assert seen == [3, 3]
    assert torch.get_num_threads() == 2


def test_a_run_that_continues_on_other_threads_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQSPIKE_THREADS", "2")
    configuration = resolve("ep-digits-events", "digits", engine="torch", limit=20, epochs=1)
    start(configuration, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "environment.json").read_text())["threads"] == "2"
    assert RunFolder.open(tmp_path / "run").environment()["threads"] == "2"
    said: list[str] = []
    resume(tmp_path / "run", watcher=Watcher(said.append))
    assert not any("threads" in line for line in said)
    monkeypatch.setenv("EQSPIKE_THREADS", "1")
    resume(tmp_path / "run", watcher=Watcher(said.append))
    assert any("begun with 2 threads and continues with 1" in line for line in said)

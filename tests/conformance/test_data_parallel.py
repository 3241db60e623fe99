"""Processes that share each batch, against one that has the whole of it: every learner, on the same batches."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from eqspike.core.learner import Batch, Pace
from eqspike.experiment import load_model, resolve
from eqspike.experiment.runs import open_learner
from eqspike.learners.launch import Alone, Group, launched
from eqspike.tasks import load_task
from eqspike.testing.learners import MODELS

ROOT = Path(__file__).resolve().parents[2]

SIZES = (40, 41, 3, 1)
"""Of the batches: equal shares, unequal ones, a share of one sample, and one that cannot be shared."""

BINARY = "metaplastic-bp-digits"
"""Turns signs and divides gradients by their own size: roundings of one batch decide signs of the next."""

PLAINLY = {"ff-ebm-2": ("training.optimiser=sgd",)}
"""Adam, which its model has, divides gradients by their own size, and so makes roundings of small ones large."""

STACKED = "ff-ebm"
"""Two energy blocks with a batch normalisation between them."""

TASKS = {model: "adding-problem" if "hssm" in model else "digits" for model in (*MODELS, STACKED)}


def learn(name: str, group: Group, folder: Path) -> dict[str, Any]:
    """What a learner has after a few batches, and what it answers."""
    model = str(folder / "ff-ebm.yaml") if name == STACKED else name
    configuration = resolve(
        model, TASKS[name], overrides=(*MODELS.get(name, ()), *PLAINLY.get(name, ()))
    )
    data = load_task(TASKS[name]).stages(0, sum(SIZES), 60)[0]
    sizes = SIZES[:1] if name == BINARY else SIZES[: 3 if name.startswith(STACKED) else 4]
    with open_learner(configuration, group) as learner:
        first, outputs = 0, []
        for number, size in enumerate(sizes):
            part = slice(first, first + size)
            keys = np.arange(first, first + size, dtype=np.uint64)
            batch = Batch(data.train.inputs[part], data.train.targets[part], keys)
            outputs.append(learner.fit(batch, Pace(1.0, number)))
            first += size
        trained, test = learner.take_counts(), data.test
        if name != BINARY:
            keys = np.arange(len(test), dtype=np.uint64)
            outputs.append(learner.predict(Batch(test.inputs, test.targets, keys)))
        counts = trained, learner.take_counts()
        spikes = learner.neuron_spikes()
        return {"state": learner.state(), "outputs": outputs, "counts": counts, "spikes": spikes}


def without_effective(counts: Any) -> Any:
    """Counts but for effective operations: where values nearly vanish, roundings decide which of them are 0."""
    if not isinstance(counts, dict):
        return counts
    return {k: without_effective(v) for k, v in counts.items() if not k.startswith("effective")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the description of the stack is."""
    made = tmp_path_factory.mktemp("processes")
    description = load_model("dchn-quarter").description
    layers = [{"size": 12}, {"size": 12}], [{"size": 10, "activation": "linear"}]
    description["learner"] |= {
        "image": [8, 8], "padding": 0, "flat": True, "blocks": [{"layers": each} for each in layers],
    }  # fmt: skip
    description["training"] = {"epochs": 1, "batch_size": 20, "learning_rate": 0.05}
    (made / "ff-ebm.yaml").write_text(yaml.safe_dump(description))
    return made


@pytest.fixture(scope="module")
def together(folder: Path) -> list[dict[str, Any]]:
    """What each of two processes has, by learner."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder), rank],
            env={
                **os.environ,
                **told,
                "MASTER_PORT": port,
                "RANK": rank,
                "LOCAL_RANK": rank,
                "PYTHONPATH": str(ROOT),
            },
        )
        for rank in "01"
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    return [pickle.loads((folder / rank).read_bytes()) for rank in "01"]


@pytest.mark.parametrize("name", TASKS)
def test_two_processes_learn_as_one(
    name: str, together: list[dict[str, Any]], folder: Path
) -> None:
    """Weights and all that is kept beside them, to 1e-4 of the largest; answers and counts."""
    one, (first, second) = learn(name, Alone(), folder), (found[name] for found in together)
    for key, array in first["state"].items():
        np.testing.assert_array_equal(array, second["state"][key])
        wanted = one["state"][key]
        if name != BINARY or "optimiser" in key:
            largest = max(float(np.abs(wanted).max(initial=0.0)), 1e-6)
            np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-4 * largest, err_msg=key)
    for own, wanted in zip(first["outputs"], one["outputs"], strict=True):
        np.testing.assert_allclose(own, wanted, rtol=0, atol=1e-4)
    assert first["counts"] == second["counts"]
    for own, wanted in zip(first["counts"], one["counts"], strict=True):
        assert without_effective(own.to_json()) == without_effective(wanted.to_json())
    assert first["spikes"].keys() == one["spikes"].keys()
    for layer, sent in one["spikes"].items():
        np.testing.assert_array_equal(first["spikes"][layer], sent)


if __name__ == "__main__":
    from eqspike.learners.process_group import ProcessGroup

    place, rank = Path(sys.argv[1]), sys.argv[2]
    with ProcessGroup(launched(), "cpu") as processes:
        learnt = {name: learn(name, processes, place) for name in TASKS}
    (place / rank).write_bytes(pickle.dumps(learnt))

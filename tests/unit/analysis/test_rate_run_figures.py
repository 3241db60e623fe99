"""What figures of a rate network's run call the weights they show."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from eqspike.analysis import rate_run_figures


@pytest.mark.parametrize(("convolution", "words"), [(object(), "kernels"), (None, "neurons")])
def test_kernels_and_neurons_are_told_apart(
    convolution: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def keep(figure: Any, path: Path) -> Path:
        titles.append(figure.axes[0].get_title(loc="left"))
        return path

    monkeypatch.setattr(rate_run_figures, "save", keep)
    monkeypatch.setattr(rate_run_figures, "_hidden_rates", lambda *_: {"hidden": np.ones((2, 3))})
    shape = (1, 3, 3, 4) if convolution else (9, 4)
    first = SimpleNamespace(name="first", shape=shape, convolution=convolution)
    system: Any = SimpleNamespace(network=SimpleNamespace(couplings=(first,)))
    metrics = [{"epoch": 1, "train_accuracy": 0.5, "test_accuracy": 0.5, "rates": {}}]
    rate_run_figures.save_rate_figures(
        "a run", system, {"first": np.ones(shape)}, metrics, np.zeros((2, 9), np.uint8), (3, 3), tmp_path
    )  # fmt: skip
    assert titles[1].startswith("Input weights of all 4 ")
    assert words in titles[1]

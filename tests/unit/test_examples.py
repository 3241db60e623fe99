"""Every example runs, in small, and draws its picture; none is longer than 60 lines."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAYS = {
    "brian2_parity": "0 of ",
    "coming_to_rest": "5 layers: error ",
    "deploy_snntorch": "Lava: 0 spikes differ; Loihi: at least ",
    "echo_stack": "correct ",
    "energy_block": "test accuracy ",
    "energy_compare": "loihi1: inference at least ",
    "eqspike_digits": "test accuracy ",
    "forgetting": "metaplasticity 15",
    "lava_deployment": "Lava: 0 of ",
    "own_chip": "nJ per inference",
    "stdp_window": "evaluations of the rule",
    "target_propagation": "degrees to backpropagation",
}
"""A part of what each prints, so that a new example is not forgotten here."""


@pytest.fixture(autouse=True)
def _figures_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures without a window, and none left open."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_and_draws(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script), "quick"])
    runpy.run_path(str(script), run_name="__main__")
    assert SAYS[script.stem] in capsys.readouterr().out
    picture = (tmp_path / f"{script.stem}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5000


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_the_gallery_shows_it(script: Path) -> None:
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert f"../examples/{script.name}" in gallery
    assert (ROOT / "docs" / "images" / "gallery" / f"{script.stem}.png").is_file()
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    assert re.fullmatch(rf'""".+: python examples/{script.name}(""")?', lines[0])


def test_target_propagation_comes_near_backpropagation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss falls to below half, with every layer within 45 degrees of backpropagation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["target_propagation.py"])
    runpy.run_path(str(ROOT / "examples" / "target_propagation.py"), run_name="__main__")
    written = capsys.readouterr().out
    losses = [float(found) for found in re.findall(r"loss ([\d.]+)", written)]
    assert len(losses) == 5
    assert losses[-1] < losses[0] / 2
    degrees = [found.split(", ") for found in re.findall(r"layer (.+)", written)]
    assert all(float(each) < 45 for row in degrees for each in row)

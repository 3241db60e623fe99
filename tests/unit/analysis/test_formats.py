"""Figures in other formats, and several runs in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike.analysis.curves_figure import MOST, learning_curves
from eqspike.analysis.style import figures_as, save
from eqspike.cli import main
from eqspike.core.errors import ConfigError, RunError

RECORDS = [{"epoch": epoch, "test_accuracy": 0.8 + epoch / 100} for epoch in (1, 2, 3)]
BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_equal_figures_are_equal_files(name: str, tmp_path: Path) -> None:
    contents = []
    for _ in range(2):
        with figures_as(name):
            path = save(learning_curves({"a": RECORDS}, "accuracy"), tmp_path / "curves.png")
        assert path == tmp_path / f"curves.{name}"
        contents.append(path.read_bytes())
    assert contents[0].startswith(BEGINNINGS[name])
    assert contents[0] == contents[1]


def test_the_format_ends_with_its_context(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="png, svg, pdf, got 'gif'"), figures_as("gif"):
        pass
    with figures_as("pdf"):
        pass
    assert save(learning_curves({"a": RECORDS}, "accuracy"), tmp_path / "x.png").suffix == ".png"


def test_curves_hold_every_run() -> None:
    figure = learning_curves({"a": RECORDS, "b": RECORDS[:1]}, "accuracy")
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["a: 83.00 %", "b: 81.00 %"]
    assert lines[0].get_ydata() == pytest.approx([81, 82, 83])


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(RunError, match="b: no epoch has been completed yet"):
        learning_curves({"a": RECORDS, "b": []}, "accuracy")
    with pytest.raises(ConfigError, match=f"at most {MOST} runs"):
        learning_curves({str(number): RECORDS for number in range(MOST + 1)}, "accuracy")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", "a", "b"]) == 2
    assert "several runs in one figure need --out DIR" in capsys.readouterr().err
    assert main(["plot", "stdp", "a", "b"]) == 2
    assert "plot stdp draws one run, got a b" in capsys.readouterr().err

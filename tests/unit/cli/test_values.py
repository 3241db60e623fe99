"""Numbers and times behind options: what is taken, and what a refusal says."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from eqspike.cli import main
from eqspike.cli.values import milliseconds, minutes, number, seconds, whole


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The last line of a refusal."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.001", 1e-3), ("1e-3", 1e-3), ("2", 2.0), ("2s", 2.0), ("1ms", 1e-3), ("1 ms", 1e-3), ("1us", 1e-6),
        ("1\u00b5s", 1e-6), ("1\u03bcs", 1e-6), ("5ns", 5e-9), ("1e3us", 1e-3),
    ],
)  # fmt: skip
def test_times_may_have_a_unit(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("0.1", 0.1), ("0.1ms", 0.1), ("100us", 0.1), ("1s", 1000.0)]
)
def test_milliseconds_may_too(text: str, value: float) -> None:
    assert milliseconds(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "1h", "ms", "", "1mss", "1 m s"])
def test_other_times_are_refused_with_both_forms(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="number of seconds above 0"):
        seconds(text)
    said = refused(capsys, "estimate", "no-such-run", f"--step-time={text}")
    assert "such as 0.001, or with a unit (s, ms, us, µs, ns), such as 1ms" in said
    said = refused(capsys, "deploy", "x.nir", "--chip", "loihi1", f"--step-ms={text}")
    assert "number of milliseconds above 0, such as 0.1, or with a unit" in said


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [(number, "5e-1", 0.5), (minutes, "90", 90.0), (whole, "-3", -3), (whole, "+12", 12)],
)
def test_numbers(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize("text", ["ten", "2m", "nan", "inf", ""])
def test_amounts_that_are_no_finite_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    got = f"got {text or 'an empty text'}"
    said = refused(capsys, "reproduce", "glep", f"--budget={text}")
    assert said.endswith(f"--budget: must be a number of minutes, such as 30, {got}")
    for option in ("--active-share", "--samples-per-second"):
        said = refused(capsys, "estimate", "no-such-run", f"{option}={text}")
        assert said.endswith(f"{option}: must be a number, such as 0.5, {got}")


@pytest.mark.parametrize("text", ["1.5", "ten", "1e3", "1_000", "", "9" * 5000])
def test_counts_that_are_no_whole_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "train", "eqspike-digits", "digits", f"--epochs={text}")
    assert "--epochs: must be a whole number, such as 10, got " in said
    assert len(said) < 400

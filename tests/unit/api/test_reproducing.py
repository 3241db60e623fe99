"""`eqspike.reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import eqspike
from eqspike.core.errors import ConfigError, RunError
from eqspike.experiment.reproduction import running

TABLE = "title: T\nrows: [{name: Duffing, seeds: [0], measures: {trajectories: {steps: 20}}}]"


def test_a_table_is_run_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(fleet: Any, calls: dict[Any, Any]) -> Any:
        for key, (function, arguments) in calls.items():
            yield key, function(*arguments), None

    monkeypatch.setattr(running, "compute", compute)
    path = tmp_path / "small.yaml"
    path.write_text(TABLE, encoding="utf-8")
    found = eqspike.reproduce(path, out=tmp_path / "out", budget=2, workers=1)
    assert list(found) == ["small"]
    assert found["small"]["budget"] == {"minutes": 2, "workers": 1}
    assert (tmp_path / "out" / "small" / "reproduction.html").is_file()
    with pytest.raises(RunError, match="a budget of 2 minutes on 1 worker; it would be replaced"):
        eqspike.reproduce(path, out=tmp_path / "out", budget=3, workers=1)
    replaced = eqspike.reproduce(path, out=tmp_path / "out", budget=3, workers=1, force=True)
    assert replaced["small"]["budget"] == {"minutes": 3, "workers": 1}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"budget": "1"}, "budget must be a number of minutes, got '1'"),
        ({"budget": True}, "budget must be a number of minutes, got True"),
        ({"budget": -1.0}, "above 0, got -1"),
        ({"workers": 0}, "workers must be a whole number, at least 1, got 0"),
        ({"name": 3}, "table must be a name of the library or the path"),
        ({"out": 3}, "out must be a path"),
    ],
)
def test_what_is_refused(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        eqspike.reproduce(**{"name": "glep", "out": tmp_path / "out"} | given)

"""Tables of papers: strictly read, nothing published without a source that was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqspike import library
from eqspike.core.errors import ConfigError, DataError
from eqspike.experiment.reproduction import jobs
from eqspike.experiment.reproduction.jobs import Part, jobs_of
from eqspike.experiment.reproduction.tables import load_table
from eqspike.tasks import SeriesTask

HEAD = """title: A table
sources:
  book: {citation: "A. Author, A Book, 2020", read: text}
rows:
"""
ROW = "  - {model: eqspike-digits, task: digits, seeds: [0, 1]"


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", library.names("tables"))
def test_every_table_of_the_library_is_read_and_its_models_fit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_sizes", lambda task: Part(1, 60_000, 10_000))  # no data are needed
    table = load_table(name)
    found = jobs_of(table)
    assert len(found) == sum(len(row.seeds) for row in table.rows)
    cited = [claim.source for claim in table.claims]
    cited += [row.published.source for row in table.rows if row.published]
    assert set(cited) <= set(table.sources), "figures and claims name a source of the file"
    assert set(table.sources) == set(cited), "no source is idle"
    assert all(job.command.startswith("eqspike train") == job.trains for job in found)


def test_a_setting_that_varies_makes_rows(tmp_path: Path) -> None:
    text = (
        HEAD + ROW + ", set: {layers: [64, 16, 10]}, vary: {rule.beta: [0.2, 0.3]}, name: digits}"
    )
    table = load_table(written(tmp_path, text))
    assert [row.name for row in table.rows] == ["digits: 0.2", "digits: 0.3"]
    assert table.rows[1].overrides == ("layers=[64, 16, 10]", "rule.beta=0.3")
    found = jobs_of(table)
    assert [(job.row.name, job.seed, job.rank) for job in found] == [
        ("digits: 0.2", 0, 0), ("digits: 0.2", 1, 1), ("digits: 0.3", 0, 0), ("digits: 0.3", 1, 1),
    ]  # fmt: skip
    assert found[3].command == (
        "eqspike train eqspike-digits digits --seed 1 --epochs 30 --set 'layers=[64, 16, 10]' --set rule.beta=0.3"
    )
    assert len({job.key for job in found}) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + ROW + ", published: {accuracy_percent: 97.6}}", "source is required and missing"),
        (
            HEAD + ROW + ", published: {accuracy_percent: 97.6, source: memory}}",
            "published.source must be one of book, got 'memory'",
        ),
        (
            "title: t\nrows:\n" + ROW + ", published: {accuracy_percent: 97.6, source: book}}",
            "there are none: add 'sources'",
        ),
        (
            "title: t\nsources:\n  book: {citation: c, read: recalled}\nrows:\n" + ROW + "}",
            "sources.book.read must be one of abstract, text, page, code, own run of the code, got 'recalled'",
        ),
        (
            "title: t\nsources:\n  book: {citation: c}\nrows:\n" + ROW + "}",
            "read is required and missing",
        ),
        (HEAD + ROW + ", published: {accuracy_percent: 197.6, source: book}}", "at most 100"),
        (HEAD + ROW + ", sedes: [1]}", "sedes is not a known key; did you mean 'seeds'?"),
        (HEAD + ROW + ", measures: {angle: {}}}", "a measure is one of trajectories"),
        (HEAD + ROW + ", measures: {forgetting: {since: 1}}}", "forgetting.since is not a known key"),
        (HEAD + ROW + ", vary: {rule.beta: 0.2}}", "lists of values, also 'rule.beta'"),
        (HEAD + ROW + "}\n" + ROW + "}", "'eqspike-digits' is there twice"),
        (HEAD + "  - {seeds: [0]}", "must be a model, or 'measures' be given"),
        ("title: t\nrows: []", "at least one row"),
        (
            "title: t\nquestions: [{text: q, row: eqspike-digits, than: other}]\nrows:\n" + ROW + "}",
            "questions[0].than must be one of eqspike-digits, got 'other'",
        ),
        ("title: t\nclaims: [{text: All.}]\nrows:\n" + ROW + "}", "add 'sources'"),
        (
            HEAD + ROW + ", vary: {rule.beta: [0.2]}, published: {accuracy_percent: 9, source: book}}",
            "given for one row: without 'vary'",
        ),
    ],
)  # fmt: skip
def test_tables_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_table(written(tmp_path, text))
    assert said in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_a_setting_the_model_has_not_is_refused_before_any_work(tmp_path: Path) -> None:
    table = load_table(written(tmp_path, HEAD + ROW + ", set: {rule.betta: 1}}"))
    with pytest.raises(ConfigError, match="betta is not a known key"):
        jobs_of(table)


def test_data_that_are_not_here_leave_a_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other rows go on; what is looked for once is not looked for again."""

    def missing_data(self: object, split: str) -> None:
        raise DataError("no such series")

    jobs._sizes.cache_clear()
    monkeypatch.setattr(SeriesTask, "load", missing_data)
    text = HEAD + ROW + "}\n  - {model: hssm-linear, task: scp1, seeds: [0]}"
    here, here_too, missing = jobs_of(load_table(written(tmp_path, text)))
    assert here.left == here_too.left == ""
    assert missing.left == "no such series"
    jobs._sizes.cache_clear()

"""All errors of a description at once, each with its line; templates that are valid as they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eqspike import library
from eqspike.cli import main
from eqspike.core.errors import ConfigError
from eqspike.core.yaml_lines import line_of
from eqspike.core.yaml_text import write_yaml
from eqspike.experiment.schemas import KINDS, check_description, template
from eqspike.experiment.schemas.borrowed import MARK, marked

MODEL = """\
title: x
layers: [64, 10]
neuron:
  kind: sigma-delt
encoder:
  kind: integrate-and-fire
  max_rate: 2.0
rule:
  kind: eqspike
  free_steps: -3
  nudged_steps: 60
  bta: 0.5
memory:
  kind: ideal
training:
  epochs: many
  batch_size: 20
  learning_rates: [0.06]
  colour: red
"""


def found_in(tmp_path: Path, text: str) -> list[tuple[int | None, str]]:
    (tmp_path / "file.yaml").write_text(text)
    _, findings = check_description(tmp_path / "file.yaml")
    return [(each.line, each.text) for each in findings]


def test_every_error_of_a_model_with_its_line(tmp_path: Path) -> None:
    found = found_in(tmp_path, MODEL)
    assert [line for line, _ in found] == [2, 4, 7, 10, 12, 16, 18, 19]
    texts = [text for _, text in found]
    assert texts[1].startswith("neuron.kind must be one of")
    assert texts[1].endswith("did you mean 'sigma-delta'?")
    assert texts[4].startswith("rule.beta is required and missing; 'bta' is given")
    assert texts[6].startswith("training.learning_rates must be a list of 2 numbers")
    assert texts[7].startswith("training.colour is not a known key")


def test_lists_of_mappings(tmp_path: Path) -> None:
    blocks = "    - layers:\n        - {size: 32, kernal: 3}\n        - {size: -1}\n"
    learner = f"learner:\n  kind: energy-block\n  image: [28, 28]\n  blocks:\n{blocks}  algorithm: c-epp\n"
    found = found_in(tmp_path, f"title: t\n{learner}training: {{epochs: 1, batch_size: 3}}\n")
    assert [line for line, _ in found] == [7, 8, 9, 10]
    assert "blocks[0].layers[0].kernal is not a known key" in found[0][1]


def test_an_error_without_a_place_ends_the_list(tmp_path: Path) -> None:
    text = Path(library.find("models", "eqspike-digits")).read_text()
    ((line, said),) = found_in(tmp_path, text.replace("tau_slow: 20.0", "tau_slow: 2.0"))
    assert line is None
    assert "must be greater than tau_fast" in said


def test_stand_ins_are_not_judged(tmp_path: Path) -> None:
    """Of low above high only what the user wrote is said, not what was put in its place."""
    figure = "{low: 3, typical: 2, high: 1, unit: pJ, sources: [a], confidence: high}"
    chip = "title: y\nabout: z\nkind: normative\nsources: {a: b}\n"
    found = found_in(tmp_path, f"{chip}energy:\n  synaptic_operation: {figure}\n")
    assert [text.rpartition("got ")[2] for _, text in found if "typical" in text] == ["2"]


@pytest.mark.parametrize("kind", [f"{noun}s" for noun in KINDS])
def test_the_library_is_valid(kind: str) -> None:
    for name in library.names(kind):
        noun, findings = check_description(library.find(kind, name))
        assert (f"{noun}s", findings) == (kind, ()), name


def test_a_kind_that_keys_do_not_tell(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("title: x\n")
    with pytest.raises(
        ConfigError, match=r"a\.yaml: it cannot be told whether .* with --as model, "
    ):
        check_description(tmp_path / "a.yaml")
    noun, findings = check_description(tmp_path / "a.yaml", "model")
    assert noun == "model"
    assert findings[0].text.startswith("training is required and missing")


@pytest.mark.parametrize("noun", [None, *KINDS])
def test_an_empty_file(tmp_path: Path, noun: str | None) -> None:
    (tmp_path / "a.yaml").write_text("# to do\n")
    with pytest.raises(
        ConfigError, match=r"a\.yaml: nothing is written there; begin with: eqspike new "
    ):
        check_description(tmp_path / "a.yaml", noun)


CHIP = Path(library.find("chips", "generic-45nm-int8")).read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  synaptic_operation:", "  synaptic_operatoin:", "energy.synaptic_operation must be .* got nothing; "
         "'synaptic_operatoin' is given: did you mean 'synaptic_operation'?"),
        ("  spike: null", "  spyke: null", "'spyke' is given: did you mean 'spike'?"),
        ("\npower:", "\npowr:", "power is required and missing; 'powr' is given"),
        ("  static_w: ", "  static: ", "'static' is given: did you mean 'static_w'?"),
        ("  duration:", "  durration:", "'durration' is given: did you mean 'duration'?"),
        ("  signed:", "  sined:", "'sined' is given: did you mean 'signed'?"),
        ("  trace_bits:", "  trace_bit:", "'trace_bit' is given: did you mean 'trace_bits'?"),
        ("  spike: null", "  spike: {included_in: synapse}", "included_in must be one of .* did you mean "
         "'synaptic_operation'?"),
        ("  spike: null", "  spike: 5", "energy.spike must be a mapping of names to values, got 5"),
        ("  spike: null", "  spike: {low:1, high: 3, unit: pJ, sources: [spikingjelly], confidence: low}",
         "energy.spike.low is required and missing; write a space after ':', 'low: 1'"),
        ("limits: {}", "limits: {cores: 3}", "limits.sources is required .* cores, neurons, neurons_per_core"),
        ("limits: {}", "limits: {banana: 3}", "limits.banana is not a known key; valid keys: .* cores, .* fan_in"),
    ],
)  # fmt: skip
def test_each_mistake_is_said_once(tmp_path: Path, old: str, new: str, said: str) -> None:
    """At its own line, whatever else follows from it."""
    assert old in CHIP
    ((line, text),) = found_in(tmp_path, CHIP.replace(old, new, 1))
    assert all(part in text for part in said.split(" .* ")), text
    written = CHIP.replace(old, new, 1).splitlines()
    assert line is not None
    assert new.strip() in "\n".join(written[line - 1 : line]), written[line - 1]


def test_a_misspelt_learner_is_no_network(tmp_path: Path) -> None:
    text = Path(library.find("models", "dchn-mnist")).read_text()
    ((_, said),) = found_in(tmp_path, text.replace("learner:", "lerner:"))
    assert said.startswith("learner is required and missing; 'lerner' is given")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MODEL)
    assert main(["check", str(path)]) == 1
    assert f"{path}:7: encoder.max_rate must be" in capsys.readouterr().out
    assert main(["check", str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["errors"][0]["line"], len(said["errors"])) == ("model", 2, 8)
    assert main(["check", str(library.find("tasks", "mnist"))]) == 0
    assert capsys.readouterr().out.endswith("mnist.yaml: a valid task\n")


@pytest.mark.parametrize(
    "noun", ["task", *(pytest.param(noun, marks=pytest.mark.slow) for noun in ("model", "chip"))]
)
def test_templates_are_valid_and_explained(noun: str, tmp_path: Path) -> None:
    assert noun in KINDS
    text = template(noun, "mine")
    (tmp_path / "mine.yaml").write_text(text)
    assert check_description(tmp_path / "mine.yaml") == (noun, ())
    lines = text.splitlines()
    comments = sum(line.lstrip().startswith("#") for line in lines)
    assert comments > len(lines) / 3
    assert (MARK in text) == (noun == "chip")


def test_figures_of_a_template_are_told_of_until_they_are_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A half edited chip does not pass for the user's own."""
    data = marked(
        library.load_yaml(library.find("chips", "generic-45nm-int8")), "generic-45nm-int8"
    )
    assert data["energy"]["neuron_update"]["sources"][0] == MARK
    path = tmp_path / "mine.yaml"
    path.write_text(write_yaml(data))
    assert main(["check", str(path)]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert "notice: energy.synaptic_operation, energy.neuron_update" in first
    assert first.startswith(f"{path}:{line_of(path.read_text(), 'energy.synaptic_operation')}: ")
    assert last.endswith("a valid chip, but not all of it is its own")
    assert main(["check", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["notices"]) == 1
    path.write_text(path.read_text().replace(f"- {MARK}\n", "- spikingjelly\n"))
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: a valid chip\n"


def test_a_new_file_is_never_written_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["new", "task", str(tmp_path / "leaves"), "--from", "fashion-mnist"]
    assert main(words) == 0
    assert "title: leaves" in (tmp_path / "leaves.yaml").read_text()
    capsys.readouterr()
    assert main(words) == 2
    assert "leaves.yaml: is there already" in capsys.readouterr().err
    assert main(["new", "task", str(tmp_path / "b"), "--from", "nothing"]) == 2
    assert not (tmp_path / "b.yaml").exists()


@pytest.mark.parametrize(
    ("path", "key", "line"),
    [
        ("", "a", 1),
        ("b", "", 2),
        ("b", "c", 3),
        ("b.d[1]", "f", 6),
        ("b", "none", 2),
        ("x.y", "z", 1),
        ("b.d[7]", "", 4),
    ],
)
def test_lines(path: str, key: str, line: int) -> None:
    text = "a: 1\nb:\n  c: 2\n  d:\n    - e: 3\n    - f: 4\n"
    assert line_of(text, path, key) == line


@pytest.mark.parametrize(
    "content", ["", "- a\n", "3\n", "hello\n", "title: mine\nlayers: [64, ten]\n"]
)
def test_nothing_is_begun_as_what_is_not_valid(
    content: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is wrong with it is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(content)
    assert main(["new", "model", "mine", "--from", "old.yaml"]) == 2
    assert "old.yaml: " in capsys.readouterr().err
    assert not (tmp_path / "mine.yaml").exists()


def test_a_template_of_hostile_names_is_what_it_was_begun_as(tmp_path: Path) -> None:
    """Names of sources are the user's own; that of the file may end a comment."""
    path = tmp_path / "a\ntitle: x\x1b[2J.yaml"
    data = library.load_yaml(library.find("chips", "generic-45nm-int8"))
    data["sources"] = {"\x1b]0;PWN\x07": "text", "yes: no": "text", **data["sources"]}
    path.write_text(write_yaml(data))
    made = tmp_path / "mine.yaml"
    made.write_text(template("chip", "mine", str(path)))
    assert not set(made.read_text()) & {"\x1b", "\x07"}
    found = library.load_yaml(made)
    assert found["title"] == "mine"
    assert set(data["sources"]) < set(found["sources"])

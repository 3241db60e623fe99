"""The core schema of YAML 1.2, without anything that makes large data of a small text."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.config import Section
from eqspike.core.errors import ConfigError
from eqspike.core.yaml_text import read_yaml, write_yaml

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    st.from_regex(r"[-+.0-9eExXoObB_:~nulyesofatr]{1,8}", fullmatch=True),
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"),
        ("040", 40),
        ("0o40", 32),
        ("0x1F", 31),
        ("0b_", "0b_"),
        ("1_000", "1_000"),
        ("1e-3", 1e-3),
        ("+.5", 0.5),
        ("-.inf", float("-inf")),
        ("yes", "yes"),
        ("on", "on"),
        ("TRUE", True),
        ("~", None),
        ("2001-99-99", "2001-99-99"),
        ("'1'", "1"),
        ("", None),
        ("# nothing", None),
    ],
)
def test_plain_values(text: str, value: object) -> None:
    """Those of the table in section 10.3.2, and texts that YAML 1.1 takes for something else."""
    found = read_yaml(text, "here")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: &x 1", "aliases"),
        ("<<: {a: 1}", "merge keys"),
        ("a: !!int abc", "tags are not read"),
        ("a: !!python/object:os.system x", "tags are not read"),
        ("? [1, 2]\n: 3", "a key must be a name"),
        ("1: a\n1: b", "given twice"),
        ("9" * 5000, "at most 400 digits"),
        ("[" * 3000, "at most 32 levels"),
        ("{a: " * 3000, "at most 32 levels"),
        ("- " * 3000, "at most 32 levels"),
        ("a\n---\nb", "one document"),
        ('"\\UFFFFFFFF"', "not valid YAML"),
        ("x" * 1_100_000, "at most 1,048,576 characters"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    """Naming the place."""
    with pytest.raises(ConfigError, match=rf"^here(:\d+)?: .*{said}"):
        read_yaml(text, "here")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            "a:\n  low: 1\n  unit:pJ\n  high: 2\n",
            3,
            "'unit:pJ' has no space after ':'; write 'unit: pJ'",
        ),
        ("a: 1\nunit:pJ\n", 2, "'unit:pJ' has no space after ':'"),
        ("unit:pJ\na: 1\n", 1, "'unit:pJ' has no space after ':'"),
        ("a:\n  - 1\n  2\n", 3, "'2' is no key with a value"),
        ("a:\n\tb: 1\n", 2, "a tab stands before the text; indent with spaces"),
        ("a: 1\nb: 'xx\nc: 1\nd: 2\n", 2, "the quotation mark in 'b: 'xx' is not closed"),
        ('a: "xx\nb: 1\nc: "y"\n', 3, "a quotation mark above may not be closed"),
        ("a: 1\nb: [1, 2\nc: 3\n", 2, "the '[' in 'b: [1, 2' is not closed; add ']'"),
        ("a: {low: 1, high: 2\nb: 3\n", 1, "the '{' in .* is not closed; add '}'"),
        ("b: 3\na: [1, 2]]\n", 2, "the ']' in 'a: [1, 2]]' closes nothing"),
        ("a:\n  b: 1\n   c: 2\n", 3, "'c: 2' is indented as if it were part of line 2"),
        ("a:\n   b: 1\n  c: 2\n", 3, "'c: 2' is indented unlike the lines above"),
        (
            "b: 1\ntitle: my chip: the best\n",
            2,
            "has a second ':'; put a text .* in quotation marks",
        ),
        ("b: 1\na: @x\n", 2, "no value begins with '@'"),
        ('b: 1\na: "\\q"\n', 2, "use single ones"),
        ("b: 1\na: \x00\n", 2, "the character U+0000 is not allowed"),
        ("b: 1\na: |x\n  c", 2, "usual causes: no space after ':', a tab"),
        ("b: 1\nb: 2\n", 2, "the key 'b' is given twice"),
    ],
)
def test_errors_name_the_line_and_the_usual_cause(text: str, line: int, said: str) -> None:
    """One sentence, without the words of the parser's own message."""
    with pytest.raises(ConfigError, match=rf"^a\.yaml:{line}: is not valid YAML: ") as caught:
        read_yaml(text, "a.yaml")
    for part in said.split(" .* "):
        assert part in str(caught.value)
    assert "unicode string" not in str(caught.value)


@pytest.mark.parametrize("text", ["[1, 2", "'x", "a: b: c"])
def test_errors_of_one_line_name_no_line(text: str) -> None:
    """Such as a value on the command line."""
    with pytest.raises(ConfigError, match=r"^--set x: is not valid YAML: .*(not closed|second)"):
        read_yaml(text, "--set x")


@pytest.mark.parametrize("levels", [6, 9, 30])
def test_a_bomb_of_aliases_is_refused_at_once(levels: int) -> None:
    """Each level has ten references to the one before: 10 ** levels values in a few hundred bytes."""
    lines = ["l0: &l0 [x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    start = time.process_time()
    with pytest.raises(ConfigError, match="aliases"):
        read_yaml("\n".join(lines), "here")
    assert time.process_time() - start < 5


def test_messages_are_cut_before_they_are_built() -> None:
    """A value of 10 ** 20 items, made of lists that hold one another, is shown in 80 characters."""
    value: list[object] = ["x"] * 10
    for _ in range(20):
        value = [value] * 10
    with pytest.raises(ConfigError) as caught:
        Section({"beta": value}, "here").number("beta")
    assert len(str(caught.value)) < 200


@given(DATA)
def test_what_is_written_is_read_back(data: object) -> None:
    """By this reader, whatever texts look like."""
    assert read_yaml(write_yaml({"key": data}), "here") == {"key": data}
    assert read_yaml(write_yaml([data], one_line=True), "here") == [data]


@given(TEXTS)
def test_texts_are_read_back_by_yaml_1_1_too(text: str) -> None:
    """PyYAML, which follows version 1.1, gives the same text."""
    assert yaml.safe_load(write_yaml({"key": text})) == {"key": text}

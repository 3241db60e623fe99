"""One place makes texts safe for each medium."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqspike.core.showing import (
    counted,
    docstring_text,
    markdown_text,
    shorten,
    show,
    spreadsheet_cell,
    visible,
)


@pytest.mark.parametrize("text", ["=cmd|x!A1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    """Numbers stay numbers."""
    assert spreadsheet_cell(text)[0] in "'‹"
    assert spreadsheet_cell(-1.5) == -1.5
    assert spreadsheet_cell("plain") == "plain"


def test_what_acts_is_written_out() -> None:
    """In Markdown as on a terminal; markup is no markup."""
    assert visible("a\x1b[2J\u202eb") == "a‹U+001B›[2J‹U+202E›b"
    assert markdown_text("a\x1b|<b>\u202e") == r"a‹U+001B›\|&lt;b&gt;‹U+202E›"


def test_values_are_short_whatever_they_are() -> None:
    """Large, deep, long or too long to print."""
    deep: list[object] = []
    for _ in range(1000):
        deep = [deep]
    for value in (deep, list(range(10**6)), {n: n for n in range(10**5)}, "x" * 10**6, 16**5000):
        assert len(show(value)) <= 80
    assert len(shorten("x" * 10**6)) < 130


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 epoch"), (1.0, "1 epoch"), (0, "0 epochs"), (2.5, "2.5 epochs"), (1234567, "1234567 epochs")],
)  # fmt: skip
def test_things_are_counted(number: float, said: str) -> None:
    assert counted(number, "epoch") == said


@given(
    st.text()
    | st.sampled_from(
        ['""" + boom() + """', 'a"', "a\\", '\\"""', "\x1b[2J\u202e", "\ud800", "a\n1/0"]
    )
)
def test_a_title_in_a_script_stays_in_its_docstring(title: str) -> None:
    """And can be written; it does nothing to the terminal that shows the script."""
    code = f'''"""{docstring_text(title)}\n"""\nreached = 1\n'''
    assert not set(code) & {"\x1b", "\u202e"}
    tree = ast.parse(code.encode())
    assert [type(part) for part in tree.body] == [ast.Expr, ast.Assign]

"""What is wrong with a text that is no YAML: the line to look at, and one sentence with the usual cause.

PyYAML says what it was doing when it failed; people write a key without a space, a tab, or leave a bracket open.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from yaml import MarkedYAMLError
from yaml.reader import ReaderError

_TIGHT = re.compile(r"(?:- +)?([\w.-]+):(?!//)([^\s:].*)")
_USUAL = (
    "usual causes: no space after ':', a tab, a quotation mark or bracket that is not closed, "
    "or wrong indentation"
)


@dataclass(frozen=True)
class _Fault:
    """An error of PyYAML's, with the lines it speaks of, from 0.

    Attributes:
        problem, context: its words.
        line, column: where it failed; began: line of what it was reading then.
    """

    lines: list[str]
    problem: str
    context: str
    line: int
    column: int
    began: int

    def text(self, line: int) -> str:
        """A line, without the space around it."""
        return self.lines[line].strip() if line < len(self.lines) else ""

    def above(self) -> int:
        """The nearest line above that is not empty."""
        found = self.line - 1
        while found > 0 and not self.text(found):
            found -= 1
        return max(found, 0)

    @property
    def here(self) -> str:
        """What stands where it failed."""
        return self.lines[self.line][self.column :] if self.line < len(self.lines) else ""


def said_of(error: Exception, text: str) -> tuple[int, str]:
    """The line, from 1, and a sentence."""
    if isinstance(error, ReaderError):
        line = text[: int(error.position)].count("\n") + 1
        return line, f"the character U+{ord(text[int(error.position)]):04X} is not allowed"
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        # PyYAML lets errors of many kinds through, such as for ill-formed escapes
        return 1, f"{_first_line(str(error))}; {_USUAL}"
    if isinstance(error, RuleError):
        return error.problem_mark.line + 1, str(error.problem)
    at, before = error.problem_mark, error.context_mark
    began = at.line if before is None else before.line
    fault = _Fault(
        text.splitlines(), error.problem or "", error.context or "", at.line, at.column, began
    )
    for words, explain in _EXPLAINED:
        if words in f"{fault.context}: {fault.problem}":
            line, said = explain(fault)
            return line + 1, said
    return fault.line + 1, f"{_first_line(fault.problem)}; {_USUAL}"


class RuleError(MarkedYAMLError):
    """YAML that descriptions do not use, such as aliases."""


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:200]


def _no_colon(fault: _Fault) -> tuple[int, str]:
    text = fault.text(fault.began)
    if _TIGHT.match(text):
        return fault.began, _tight(text)
    return fault.began, (
        f"{_shown(text)} is no key with a value; write KEY: VALUE, or indent it to go on with the line above"
    )


def _colon_too_many(fault: _Fault) -> tuple[int, str]:
    text, above = fault.text(fault.line), fault.above()
    if above < fault.line and _TIGHT.match(fault.text(above)):
        return above, _tight(fault.text(above))
    before = fault.lines[fault.line][: fault.column] if fault.line < len(fault.lines) else ""
    if ": " in before:
        return fault.line, (
            f"{_shown(text)} has a second ':'; put a text that has one in quotation marks"
        )
    return fault.line, (
        f"{_shown(text)} is indented as if it were part of line {above + 1}, which has a value already; "
        "give it the indentation of its neighbours"
    )


def _bad_start(fault: _Fault) -> tuple[int, str]:
    if fault.here.startswith("\t"):
        return fault.line, "a tab stands before the text; indent with spaces"
    return fault.line, (f"no value begins with {fault.here[:1]!r}; put the text in quotation marks")


def _open_quote(fault: _Fault) -> tuple[int, str]:
    return fault.began, f"the quotation mark in {_shown(fault.text(fault.began))} is not closed"


def _open_bracket(fault: _Fault) -> tuple[int, str]:
    text = fault.text(fault.began)
    mark, end = ("[", "]") if "sequence" in fault.context or "[" in text else ("{", "}")
    if fault.line == fault.began and fault.here.strip():
        return fault.line, (
            f"{_shown(fault.here.strip())} stands where ',' or '{end}' is due; "
            "put a text that has ':', a bracket or a quotation mark in quotation marks"
        )
    return fault.began, f"the '{mark}' in {_shown(text)} is not closed; add '{end}'"


def _block_end(fault: _Fault) -> tuple[int, str]:
    text = fault.text(fault.line)
    if fault.here[:1] in ("]", "}"):
        return fault.line, f"the '{fault.here[0]}' in {_shown(text)} closes nothing; leave it out"
    if fault.lines[fault.line][: fault.column].strip() if fault.line < len(fault.lines) else False:
        return fault.line, (
            f"{_shown(fault.here)} follows a value that has ended; a quotation mark above may not be closed, "
            "or one inside of the text needs another kind around it"
        )
    return fault.line, (
        f"{_shown(text)} is indented unlike the lines above; give it the indentation of its neighbours"
    )


def _escape(fault: _Fault) -> tuple[int, str]:
    return fault.line, (
        rf"{_shown(fault.text(fault.line))} has a '\' that stands for nothing between double quotation marks; "
        "use single ones"
    )


def _document_start(fault: _Fault) -> tuple[int, str]:
    return (
        fault.line,
        f"{_shown(fault.text(fault.line))} does not continue what stands above it; {_USUAL}",
    )


def _nothing_there(fault: _Fault) -> tuple[int, str]:
    if fault.here:
        return fault.line, f"{_shown(fault.here)} stands where a value is due"
    return fault.began, f"the bracket in {_shown(fault.text(fault.began))} is not closed"


_EXPLAINED: tuple[tuple[str, Callable[[_Fault], tuple[int, str]]], ...] = (
    ("could not find expected ':'", _no_colon),
    ("mapping values are not allowed", _colon_too_many),
    ("cannot start any token", _bad_start),
    ("quoted scalar: found unexpected end of stream", _open_quote),
    ("quoted scalar: found unexpected document separator", _open_quote),
    ("double-quoted scalar", _escape),
    ("while parsing a flow sequence", _open_bracket),
    ("while parsing a flow mapping", _open_bracket),
    ("while parsing a flow node", _nothing_there),
    ("expected <block end>", _block_end),
    ("expected '<document start>'", _document_start),
)


def _tight(text: str) -> str:
    found = _TIGHT.match(text)
    written = f"{found[1]}: {found[2]}" if found else "KEY: VALUE"
    return f"{_shown(text)} has no space after ':'; write {_shown(written)}"


def _shown(text: str) -> str:
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"

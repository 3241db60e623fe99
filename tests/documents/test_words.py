"""Commands that documents name in their sentences, or that no test can run here, have words that exist.

`test_commands.py` runs what a reader is told to do. What stands in a sentence, and the programs of `benchmarks/`,
which take minutes to hours or the code of others, are looked at only: the command, its options, models, tasks,
chips and settings are there, and a program with its options.
"""

from __future__ import annotations

import argparse
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from eqspike import library
from eqspike.cli.arguments import build_parser
from eqspike.core.errors import ConfigError
from eqspike.experiment import resolve

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "docs/tutorials", "docs/reference")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))),
]
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`(eqspike [^`]+)`")
PROGRAM = re.compile(r"\bpython ((?:benchmarks|examples)/\S+\.py)((?:[^`\n\\#]|\\\n)*)")
PLACEHOLDER = re.compile(r"^\W*[A-Z_]{2,}\W*$|^[KNRT]$|\.\.\.|^my[-_.]")
"""A word that stands for one of the reader's own."""


def named(text: str) -> Iterator[list[str]]:
    """Words of the commands in code spans, which may go on in the next line."""
    for span in SPAN.findall(FENCED.sub("", text)):
        yield shlex.split(span.replace("\n", " ").replace(r"\|", "|"))[1:]


def programs(text: str) -> Iterator[tuple[str, list[str]]]:
    """Programs of the checkout and the options that are given to them."""
    for name, rest in PROGRAM.findall(text):
        yield name, re.findall(r"(?<!\S)(--[a-z][\w-]*)", rest)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, and of those of two words such as `report compare`."""
    found: dict[str, argparse.ArgumentParser] = {}
    waiting = [("", build_parser())]
    for before, parser in waiting:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                inner = [
                    (f"{before} {name}".strip(), each) for name, each in action.choices.items()
                ]
                found.update(inner)
                waiting += inner
    return found


PARSERS = parsers()


def wrong_word(words: list[str]) -> str:
    """The first word of a command that does not exist; empty if all do."""
    command = " ".join(words[:2]) if " ".join(words[:2]) in PARSERS else words[0]
    if command.startswith("--"):
        return ""
    if command not in PARSERS:
        return command
    known = PARSERS[command]._option_string_actions
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in known:
            return word
    for before, word in itertools.pairwise(words):
        own = PLACEHOLDER.search(word) or word == "all" or word.endswith(".yaml")
        if before == "--chip" and not own and word not in library.names("chips"):
            return word
    return wrong_setting(words) if command in ("train", "sweep", "check-gradient") else ""


def wrong_setting(words: list[str]) -> str:
    """A model, a task or a setting of a training that is refused."""
    names = [word for word in words[1:3] if not word.startswith("-")]
    if len(names) < 2 or any(PLACEHOLDER.search(name) or name.endswith(".yaml") for name in names):
        return ""
    settings = [value for option, value in itertools.pairwise(words) if option == "--set"]
    given = [each for each in settings if not any(map(PLACEHOLDER.search, each.split("=")))]
    try:
        resolve(*names, overrides=tuple(given))
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    wrong = {" ".join(words): found for words in named(text) if (found := wrong_word(words))}
    assert wrong == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_programs_and_their_options_exist(document: Path) -> None:
    for name, options in programs(document.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name
        source = (ROOT / name).read_text(encoding="utf-8")
        # Some are made of a name: "--dchn" of "dchn".
        words = {option: (f'"{option}"', f'"{option[2:]}"') for option in options}
        missing = [option for option, forms in words.items() if not any(f in source for f in forms)]
        assert missing == [], name


def test_commands_in_sentences_are_found() -> None:
    """Also over two lines; what is wrong is named."""
    text = "`eqspike train ep-512\nmnist-sample --set rule.beta=0.1` and `eqspike evaluate RUN`\n"
    first, second = named(text)
    assert first == ["train", "ep-512", "mnist-sample", "--set", "rule.beta=0.1"]
    assert wrong_word(first) == wrong_word(second) == ""
    assert wrong_word(["trian", "RUN"]) == "trian"
    assert wrong_word(["evaluate", "RUN", "--limt", "3"]) == "--limt"
    assert wrong_word(["estimate", "RUN", "--chip", "loihi9"]) == "loihi9"
    assert "ep-521" in wrong_word(["train", "ep-521", "mnist"])
    assert "rule.betta" in wrong_word(["train", "ep-512", "mnist", "--set", "rule.betta=1"])

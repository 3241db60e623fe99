"""What the Markdown files tell a reader to do: how it is found, shortened and marked as slow. All rules are here.

A command is a line that begins with `eqspike `, `torchrun `, `python examples/`, `python FILE.py`, `cp ` or
`sed ` in a fenced block of shell or of no language, or in a block indented by four spaces; or a code span that
begins so in a row of a table. Settings of variables before it (`NAME=1 eqspike ...`) are passed over: tests have
their own. A backslash at its end continues a line, `#` begins a comment. A command whose printed output
has a line `eqspike: error:` is refused with these words.

In a tutorial, a block of Python or YAML after "Write `FILE`:" or "Add to `FILE`:" is what a file holds. Other
blocks of Python are programs; those of one tutorial share their names.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "docs/tutorials", "docs/reference")
DOCUMENTS = (
    "README.md",
    *(
        f"{folder}/{path.name}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).glob("*.md"))
    ),
)

SLOW = (
    "lava", "brian2", "--chip all", "sweep", "conv", "dchn", "hssm", "metaplastic", "binary-ep", "cep-512",
    "cvf-512", "ep-512", "dtp", "backprop", "norse", "doctor", "check-gradient", "eqspike-300", "scp1", "meter",
    "demo", "8bit", "layers=[784, 200", "fast-int", "torchrun", "energy_block",
)  # fmt: skip
"""Commands with one of these texts take more than a few seconds: `make slow` runs them."""

SLOW_PROGRAMS = ("lava", "EnergyBlock")
"""The same for programs."""

PATTERN = re.compile(
    r"\b(MODEL|TASK|ENGINE|FILE|KEY|VALUE|K|N)\b|\.\.\.|my-(model|task)\.yaml|network\.(nir|deployment)|runs/row"
    r"|^eqspike train( --config| --resume)?$|mine\.yaml|reproduce (all|seven)"
)
"""Marks a pattern of a command instead of a command, or one of an hour. `RUN` stands for the run made last."""

BEFORE = {
    "docs/energy.md": (
        "train eqspike-digits digits --seed 1 --out runs/b",
        "train eqspike-digits digits --out runs/a",
    ),
    "docs/gradient-check.md": ("train eqspike-100 mnist-sample --out runs/mine",),
    "docs/lava.md": ("train eqspike-digits-loihi digits --out runs/loihi",),
    "docs/plugins.md": ("train eqspike-digits digits --out runs/mine",),
    "docs/rate-chips.md": ("train ep-digits-events digits --set neuron.activation=hard-sigmoid --out runs/rates",),
}  # fmt: skip
"""What a reader of a document has made before, where it says so in words."""

NEEDS_DATA = (
    "cifar10-jpeg", "cifar10-sample", "fashion-mnist", "permuted-mnist", "permuted-sequential-mnist", "scp1",
    "scp1-drawn", "scp2", "scp2-drawn", "sequential-mnist",
)  # fmt: skip
"""Tasks whose data are not shipped; `mnist` is replaced by `mnist-sample`, which is."""

NEEDS_PACKAGE = {"--log tensorboard": "tensorboardX", "--sampler optuna": "optuna"}
"""Packages that these options need, where all else runs without."""

MOST = {
    "--epochs": 1,
    "--limit": 60,
    "--test-limit": 30,
    "--samples": 2,
    "--seconds": 1,
    "--batch": 10,
    "--trials": 2,
}
"""Greatest values with which commands are run here."""

GIVEN = {
    "train": ("--epochs", "--limit", "--test-limit"),
    "sweep": ("--epochs", "--limit"),
    "evaluate": ("--limit",),
    "deploy": ("--limit", "--samples"),
    "parity": ("--samples",),
    "check-gradient": ("--samples",),
    "meter": ("--seconds", "--batch"),
    "plot stdp": ("--samples",),
}
"""Options that these commands get where they are printed without them."""

SHELL = ("", "bash", "sh", "shell", "console")
_SPAN = re.compile(r"`(eqspike [^`]+)`")
_LINE = re.compile(
    r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*"
    r"((?:eqspike |torchrun |python examples/|python (?:runs/\w+/)?\w+\.py|cp |sed ).*)$"
)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MAKES = re.compile(r"\b(?:[Ww]rite|([Aa]dd to)) `([\w./-]+)`[^`\n]*(?:`[\w.-]+`[^`\n]*)?:$")
_REFUSED = re.compile(r"^eqspike: error: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        place: document and line; text: as printed, in one line.
        kind: where it stands: `block` or `table`; rows of a table do not share the default folder of a run.
        error: the words with which it is refused; empty if it works.
    """

    place: str
    text: str
    kind: str = "block"
    error: str = ""

    @property
    def words(self) -> list[str]:
        """Its words, without `eqspike` and the file that its output goes to."""
        words = shlex.split(self.text.partition(" > ")[0], comments=True)
        return words[1:] if words[0] == "eqspike" else words

    @property
    def told(self) -> list[str]:
        """What eqspike is told, by itself or in several processes; empty if another program runs."""
        words = self.words
        if words[0] == "torchrun":
            return words[words.index("eqspike") + 1 :]
        return [] if words[0] in ("python", "cp", "sed") else words

    @property
    def slow(self) -> bool:
        """Whether it is left to `make slow`."""
        return any(text in self.text for text in SLOW)

    @property
    def pattern(self) -> bool:
        """Whether it is only a pattern of a command."""
        return PATTERN.search(self.text) is not None

    @property
    def lacks(self) -> str:
        """What it needs that is not here; empty if nothing."""
        if "cuda" in self.text and not torch.cuda.is_available():
            return "a GPU"
        for option, package in NEEDS_PACKAGE.items():
            if option in self.text and find_spec(package) is None:
                return package
        needed = [name for name in NEEDS_DATA if name in self.words]
        return (
            f"EQSPIKE_DATA with {needed[0]}"
            if needed and not os.environ.get("EQSPIKE_DATA")
            else ""
        )

    def shortened(self, run: str) -> list[str]:
        """Its words with as few samples and epochs as show that it works.

        Args:
            run: what `RUN` stands for; after `--out` it is a new folder.
        """
        words = [{"mnist": "mnist-sample", "RUN": run}.get(word, word) for word in self.words]
        for index in range(1, len(words)):
            if words[index - 1] == "--out" and "RUN" in self.words:
                words[index] = f"runs/{self.place.rpartition(':')[2]}"
            if words[index - 1] in MOST:
                words[index] = str(min(int(float(words[index])), MOST[words[index - 1]]))
        told = self.told
        if told and "--resume" not in told and "--config" not in told:
            for option in GIVEN.get(told[0], GIVEN.get(" ".join(told[:2]), ())):
                if option not in words:
                    words += [option, str(MOST[option])]
        return words


@dataclass(frozen=True)
class Program:
    """A block of Python that a reader runs.

    Attributes:
        place: document and line; text: its source.
    """

    place: str
    text: str

    @property
    def slow(self) -> bool:
        """Whether it is left to `make slow`."""
        return any(text in self.text for text in SLOW_PROGRAMS)


@dataclass(frozen=True)
class Written:
    """A file that a reader writes.

    Attributes:
        place: document and line; name: of the file; text: what is written into it.
        more: whether it is added to what the file holds.
    """

    place: str
    name: str
    text: str
    more: bool


Step = Command | Program | Written


def steps_of(document: str) -> list[Step]:
    """What a document tells a reader to do, in the order printed."""
    text = (ROOT / document).read_text(encoding="utf-8")
    steps: list[Step] = [*commands_in(document, text)]
    if document.startswith("docs/tutorials/"):
        steps += _programs_and_files(document, text)
    return sorted(steps, key=lambda step: int(step.place.rpartition(":")[2]))


def commands_in(document: str, text: str) -> Iterator[Command]:
    """Commands of a document, patterns of commands included."""
    errors = dict(_errors(text))
    for number, kind, line in _logical_lines(text):
        for found in _SPAN.findall(line) if kind == "table" else _LINE.findall(line):
            printed = found.replace(r"\|", "|").strip()
            yield Command(f"{document}:{number}", printed, kind, errors.get(number, ""))


def _errors(text: str) -> Iterator[tuple[int, str]]:
    """Line number of the last line of each block whose next block prints an error, and the error."""
    blocks = list(_BLOCK.finditer(text))
    for block, output in itertools.pairwise(blocks):
        if block[1] in SHELL and output[1] == "text" and (said := _REFUSED.search(output[2])):
            yield text.count("\n", 0, block.end()), said[1]


def _programs_and_files(document: str, text: str) -> Iterator[Program | Written]:
    for block in _BLOCK.finditer(text):
        place = f"{document}:{text.count(chr(10), 0, block.start()) + 1}"
        makes = _MAKES.search(text[: block.start()].rstrip().rpartition("\n")[2])
        if makes and block[1] in ("python", "yaml"):
            yield Written(place, makes[2], block[2], bool(makes[1]))
        elif block[1] == "python":
            yield Program(place, block[2])


def _logical_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Number, kind (`block` or `table`) and text of lines that may hold commands, continued ones joined."""
    fence: str | None = None
    began, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith("```"):
            fence = line.strip().strip("`").strip() if fence is None else None
            continue
        in_block = fence in SHELL if fence is not None else line.startswith("    ")
        if in_block:
            began = began or number
            joined += line.strip().removesuffix("\\") if joined else line.removesuffix("\\")
            if not line.rstrip().endswith("\\"):
                yield began, "block", joined
                began, joined = 0, ""
        elif fence is None and line.startswith("|"):
            yield number, "table", line


@pytest.fixture(params=DOCUMENTS)
def steps(request: pytest.FixtureRequest) -> list[Step]:
    """The steps of each document, after what its reader has made before; patterns are left out."""
    document: str = request.param
    before = [Command(document, f"eqspike {text}") for text in BEFORE.get(document, ())]
    found = steps_of(document)
    return [*before, *(s for s in found if not (isinstance(s, Command) and s.pattern))]

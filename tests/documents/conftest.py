"""Commands of the Markdown files: how they are found, shortened and marked as slow. All rules are in this file.

A command is a line that begins with `eqspike ` or `python examples/` in a fenced block of shell or of no language,
or in a block indented by four spaces; or a code span that begins so in a row of a table. A backslash at its end
continues a line, `#` begins a comment.
"""

from __future__ import annotations

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
DOCUMENTS = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))

SLOW = (
    "lava", "brian2", "--chip all", "sweep", "conv", "dchn", "hssm", "metaplastic", "binary-ep", "cep-512",
    "cvf-512", "ep-512", "dtp", "backprop", "norse", "doctor", "check-gradient", "eqspike-300", "scp1", "meter",
    "demo", "8bit", "layers=[784, 200", "fast-int",
)  # fmt: skip
"""Commands with one of these texts take more than a few seconds: `make slow` runs them."""

PATTERN = re.compile(
    r"\b(MODEL|TASK|ENGINE|FILE|KEY|VALUE|K|N)\b|\.\.\.|my-(model|task)\.yaml|network\.(nir|deployment)|runs/row"
    r"|^eqspike train( --config)?$|mine\.yaml|reproduce (all|seven)"
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

NEEDS_DATA = ("scp1", "permuted-mnist")
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
_LINE = re.compile(r"^\s*(?:\$ )?((?:eqspike |python examples/).*)$")


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        place: document and line; text: as printed, in one line.
        kind: where it stands: `block` or `table`; rows of a table do not share the default folder of a run.
    """

    place: str
    text: str
    kind: str = "block"

    @property
    def words(self) -> list[str]:
        """Its words, without `eqspike`."""
        words = shlex.split(self.text, comments=True)
        return words[1:] if words[0] == "eqspike" else words

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
        if "--resume" not in words and "--config" not in words:
            for option in GIVEN.get(words[0], GIVEN.get(" ".join(words[:2]), ())):
                if option not in words:
                    words += [option, str(MOST[option])]
        return words


def commands_of(document: str) -> list[Command]:
    """Commands of a document, in the order printed."""
    found = []
    for number, kind, line in _logical_lines((ROOT / document).read_text(encoding="utf-8")):
        texts = _SPAN.findall(line) if kind == "table" else _LINE.findall(line)
        found += [
            Command(f"{document}:{number}", t.replace(r"\|", "|").strip(), kind) for t in texts
        ]
    return found


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
def commands(request: pytest.FixtureRequest) -> list[Command]:
    """The commands of each document, after what its reader has made before; patterns are left out."""
    document: str = request.param
    before = [Command(document, f"eqspike {text}") for text in BEFORE.get(document, ())]
    return [*before, *(each for each in commands_of(document) if not each.pattern)]

"""Damaged and hostile inputs for every reader of the package: each is read or refused by name, nothing else.

    python benchmarks/fuzz.py [--minutes M] [--corpus FOLDER]

Hypothesis changes real files (of the library, of a run, of a report) and makes texts of its own. Inputs that
failed are kept in the corpus and tried first the next time. Prints how many inputs each reader was given.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from eqspike import library
from eqspike.chips import load_profile
from eqspike.core.errors import EqspikeError
from eqspike.core.reading import parse_json
from eqspike.core.yaml_text import read_yaml
from eqspike.energy.counts_file import read_counts_file
from eqspike.experiment import load_configuration, load_model, resolve
from eqspike.experiment.estimating import estimate_run
from eqspike.experiment.reproduction.tables import load_table
from eqspike.experiment.runs import start
from eqspike.experiment.sweep import grid, read_axis
from eqspike.reports import write_report
from eqspike.reports.inputs import read_inputs, write_inputs
from eqspike.tasks import load_task
from eqspike.training.checkpoint import load_latest
from eqspike.training.manifest import Manifest

SLOWEST_SECONDS = 20.0
EXAMPLES = 200
"""Of each reader and round."""

HOSTILE = (
    b"&a [*a, *a]", b"<<: {a: 1}", b"!!int abc", b"!!python/object:os.system x", b"[" * 3000, b"{" * 3000,
    b"9" * 5000, b"1e999", b".nan", b".inf", b"2001-99-99", b"0b_", b"1:30", b"\xff\xfe", b"\x00", b"\x1b]0;x\x07",
    "\u202e".encode(), b"\r\n", b"null", b"[]", b"{}", b"-1", b"''", b"\t", b"? ", b"--- ", b"# ", b"'",
    b'"\\UFFFFFFFF"',
)  # fmt: skip
"""Pieces that once went wrong somewhere, here or in other programs."""

Read = Callable[[bytes, Path], Any]


def changed(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """One of some files with pieces cut out, doubled or replaced; or bytes and texts of no file."""
    piece = st.one_of(
        st.sampled_from(HOSTILE), st.binary(max_size=8), st.text(max_size=8).map(_utf8)
    )
    place = st.tuples(st.floats(0, 1), st.integers(0, 60), piece)

    def apply(content: bytes, places: list[tuple[float, int, bytes]]) -> bytes:
        for share, length, new in places:
            at = int(share * len(content))
            content = content[:at] + new + content[at + length :]
        return content

    files = st.builds(apply, st.sampled_from(seeds), st.lists(place, max_size=4))
    return st.one_of(files, piece, st.text(max_size=200).map(_utf8))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _file(name: str, read: Callable[[Path], Any]) -> Read:
    def read_file(content: bytes, folder: Path) -> Any:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return read(path)

    return read_file


def _text(read: Callable[[str], Any]) -> Read:
    return lambda content, folder: read(content.decode("utf-8", "replace"))


def readers(folder: Path) -> dict[str, tuple[Read, list[bytes]]]:
    """Each reader with the files that are changed for it."""
    run, report = folder / "run", folder / "report"
    small = (
        "training.epochs=1",
        "rule.free_steps=20",
        "rule.nudged_steps=10",
        "rule.readout_steps=10",
    )
    start(resolve("eqspike-digits", "digits", limit=50, overrides=small), run)
    estimated = estimate_run(run, ("loihi1",))
    write_report(estimated, report)
    write_inputs(estimated, ("loihi1",), report)
    data = {
        kind: [p.read_bytes() for p in sorted(library.folder(kind).glob("*.yaml"))]
        for kind in library.KINDS
    }
    own = {
        name: [(run / name).read_bytes()]
        for name in ("config.yaml", "counts.json", "manifest.json")
    }
    checkpoint = next((run / "checkpoints").iterdir())
    values = [
        b"rule.beta=0.3",
        b"layers=[64, 32, 10]",
        b'memory={"kind": "fixed", "bits": 5}',
        b"seed=[1, 2]",
    ]
    return {
        "YAML": (_text(lambda text: read_yaml(text, "fuzz")), data["models"]),
        "JSON": (lambda content, folder: parse_json(content, "fuzz"), own["counts.json"]),
        "models": (_file("m.yaml", lambda path: load_model(str(path))), data["models"]),
        "tasks": (_file("t.yaml", lambda path: load_task(str(path))), data["tasks"]),
        "chips": (_file("c.yaml", lambda path: load_profile(str(path))), data["chips"]),
        "tables": (_file("p.yaml", lambda path: load_table(str(path))), data["tables"]),
        "configurations": (_file("config.yaml", load_configuration), own["config.yaml"]),
        "counts": (_file("counts.json", read_counts_file), own["counts.json"]),
        "manifests": (_file("manifest.json", lambda path: Manifest.read(path.parent)), own["manifest.json"]),
        "inputs of reports": (
            _file("inputs.json", lambda path: read_inputs(path.parent)), [(report / "inputs.json").read_bytes()],
        ),
        "checkpoints": (
            _file(f"checkpoints/{checkpoint.name}", lambda path: load_latest(path.parent, lambda text: None)),
            [checkpoint.read_bytes()],
        ),
        "--set": (_text(lambda text: resolve("eqspike-digits", "digits", overrides=(text,))), values),
        "--vary": (_text(lambda text: grid([read_axis(text)])), values),
    }  # fmt: skip


def attempt(read: Read, content: bytes, folder: Path) -> str:
    """Whether an input was read or refused; any other error, or a long time of the processor, is a fault."""
    begun = time.process_time()
    try:
        read(content, folder)
        verdict = "read"
    except EqspikeError as error:
        if not str(error):
            raise AssertionError("an error without a word") from error
        verdict = "refused"
    if (took := time.process_time() - begun) > SLOWEST_SECONDS:
        raise TimeoutError(f"took {took:.0f} s")
    return verdict


def explore(
    read: Read, seeds: list[bytes], counter: Counter[str], folder: Path, corpus: Path
) -> None:
    """Give a reader some inputs, first those that are kept."""

    @seed(random.randrange(2**32))
    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
        database=DirectoryBasedExampleDatabase(corpus),
    )  # fmt: skip
    @given(changed(seeds))
    def trial(content: bytes) -> None:
        counter[attempt(read, content, folder)] += 1

    trial()


def main() -> int:
    """Try for some minutes; status 1 at the first fault, which is kept in the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--corpus", type=Path, default=Path(".hypothesis/fuzz"))
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    found: dict[str, Counter[str]] = {}
    faults = 0
    with tempfile.TemporaryDirectory(prefix="eqspike-fuzz-") as name:
        known = readers(Path(name))
        while time.monotonic() < end and not faults:
            for reader, (read, seeds) in known.items():
                counter = found.setdefault(reader, Counter())
                corpus = options.corpus / reader.strip("-").replace(" ", "-")
                try:
                    explore(read, seeds, counter, Path(name), corpus)
                except Exception as error:
                    faults += 1
                    print(f"{reader}: {type(error).__name__}: {error}", file=sys.stderr)
                    for note in getattr(error, "__notes__", ()):
                        print(note[:2000], file=sys.stderr)
    total = sum(sum(counter.values()) for counter in found.values())
    print(json.dumps({"inputs": total, "faults": faults, "readers": found}, indent=2))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

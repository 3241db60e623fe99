"""What each way to install takes: seconds and megabytes from a bare environment, and whether it trains there.

    python benchmarks/installs.py python3.10 python3.11 python3.12 python3.13
    python benchmarks/installs.py python3.12 --ways core,torch

Builds the wheel of this checkout once. Each way is a virtual environment of its own in a temporary folder, by pip
with its cache as it is; seconds are those of the clock, and include what is fetched. A row of Markdown each.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LAVA = ("--no-deps", "--ignore-requires-python", "lava-nc==0.10.0")
TRAIN = "train eqspike-digits digits --out trained --epochs 1 --limit"
WAYS: dict[str, tuple[str, tuple[tuple[str, ...], ...], str]] = {
    "core": ("", (), f"{TRAIN} 200"),
    "plots": ("[plots]", (), f"{TRAIN} 200;plot trained"),
    "brian2": ("[brian2]", (), f"{TRAIN} 20 --test-limit 10 --engine brian2"),
    "lava": ("[lava]", (LAVA,), f"{TRAIN} 4 --test-limit 2 --engine lava"),
    "sweep": (
        "[sweep]",
        (),
        "sweep eqspike-digits digits --vary seed=[0,1] --epochs 1 --limit 100 --out swept",
    ),
    "nir": ("[nir]", (), f"{TRAIN} 200"),
    "torch": ("[torch]", (), "train dtp-mlp mnist-sample --epochs 1 --limit 200 --out trained"),
}
"""Extras, further packages, and commands that need them."""


def main() -> None:
    """Print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("pythons", nargs="*", default=[sys.executable])
    parser.add_argument("--ways", default=",".join(WAYS))
    options = parser.parse_args()
    print(f"{platform.machine()}, {platform.system()}")
    print("| Python | way | seconds | MB | runs there |\n|---|---|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(Path(folder))
        for number, python in enumerate(options.pythons):
            for way in options.ways.split(","):
                print(row(python, way, wheel, Path(folder) / f"{number}-{way}"), flush=True)


def built(folder: Path) -> Path:
    """The wheel of this checkout."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def row(python: str, way: str, wheel: Path, place: Path) -> str:
    """Set up an environment, measure it, and try the command that needs it."""
    extras, further, command = WAYS[way]
    subprocess.run([python, "-m", "venv", str(place)], check=True)
    own = place / "bin" / "python"
    before, started = megabytes(place), time.perf_counter()
    packages = ((f"{wheel}{extras}",), *further)
    word = next(
        (said for each in packages if (said := last_word(own, "pip", "install", *each))), ""
    )
    seconds, size = time.perf_counter() - started, megabytes(place) - before
    if not word:
        tried = (last_word(own, "eqspike", *each.split(), at=place) for each in command.split(";"))
        word = next(filter(None, tried), "yes")
    version = subprocess.run(
        [own, "-V"], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    return f"| {version} | `{way}` | {seconds:.0f} | {size:.0f} | {word} |"


def last_word(python: Path, module: str, *arguments: str, at: Path = ROOT) -> str:
    """The last line of a command that failed; empty if it did not."""
    ran = subprocess.run([python, "-m", module, *arguments], cwd=at, capture_output=True, text=True)
    return "" if ran.returncode == 0 else (ran.stderr.strip().splitlines() or ["failed"])[-1]


def megabytes(folder: Path) -> float:
    """Of all files below."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


if __name__ == "__main__":
    main()

"""Golden digests: what every model of the library learns in every engine, to the last bit.

    python benchmarks/golden.py write FILE [--only TEXT] [--engines NAME ...]    measure and store
    python benchmarks/golden.py check FILE [--only TEXT] [--engines NAME ...]    measure again and compare

Each row trains a model for `EPOCHS` epochs on the first samples of a sample task, by the Python interface, and
keeps a digest of each array of `weights.safetensors`, of the training and inference counts of `counts.json`, and
the test accuracies of `metrics.jsonl`. A combination that is refused keeps the error's name. Status 1 if any row
differs. `torch` gives equal bits on one machine with one number of threads only: set `OMP_NUM_THREADS=1`, write
before a change and check after it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import load_file

import eqspike

ROOT = Path(__file__).resolve().parents[1]
EPOCHS, SEED = 2, 3
REFUSED = "UnsupportedError"
SIZES = {64: ("digits", [8, 8], 16), 784: ("mnist-sample", [28, 28], 255)}
"""By inputs of a model: the task whose first samples it learns, shape of its images and their highest level."""

SAMPLES = {
    "fast": 300,
    "fast-int": 300,
    "fast-int:lava": 300,
    "torch": 300,
    "brian2": 60,
    "lava": 20,
    "lava:fused": 100,
    "lava:fused:floating_pt": 100,
}
"""Training samples by engine; the slow ones get fewer."""

FEWER = {
    ("brian2", "eqspike-digits-online"): 20,
    ("torch", "ep-conv"): 40,
    ("torch", "binary-ep-wn-8192"): 128,
    ("torch", "binary-ep-w-4096"): 128,
}
"""Training samples of rows that are slower than their engine's others."""


def rows(only: str = "", engines: tuple[str, ...] = tuple(SAMPLES)) -> list[tuple[str, str]]:
    """(engine, model) of every row whose name contains `only`."""
    models = sorted(path.stem for path in (ROOT / "models").glob("*.yaml"))
    return [(e, m) for e in engines for m in models if only in f"{e} {m}"]


def measure(engine: str, model: str, folder: Path) -> dict[str, Any]:
    """Train one row in an empty folder and digest what it left.

    Returns:
        `train`, `test`: samples; `accuracies`: after each epoch; `weights`: digests by array; `training` and
        `inference`: digests of the counts. Or `refused`: the name of the error.
    """
    samples = FEWER.get((engine, model), SAMPLES[engine])
    tested = -(-samples // 5)
    task = small_task(model, samples, tested, folder)
    try:
        run = eqspike.train(
            model, str(task), out=folder / "run", epochs=EPOCHS, seed=SEED, engine=engine, quiet=True
        )  # fmt: skip
    except eqspike.EqspikeError as error:
        if type(error).__name__ != REFUSED:
            raise
        return {"refused": REFUSED}
    counts = json.loads((run.folder / "counts.json").read_text())
    weights = load_file(run.folder / "weights.safetensors")
    return {
        "train": samples,
        "test": tested,
        "accuracies": [record["test_accuracy"] for record in run.metrics],
        "weights": {name: array_digest(weights[name]) for name in sorted(weights)},
        "training": json_digest(counts["training"]),
        "inference": json_digest(counts["inference"]),
    }


def small_task(model: str, train: int, test: int, folder: Path) -> Path:
    """Write a task that holds the first samples of the one that fits the model; returns its description."""
    inputs = yaml.safe_load((ROOT / "models" / f"{model}.yaml").read_text())["layers"][0]
    name, shape, maximum = SIZES[inputs if isinstance(inputs, int) else int(np.prod(inputs))]
    arrays, parts = {}, {}
    for split, samples in (("train", train), ("test", test)):
        for what, header in (("images", 16), ("labels", 8)):
            dimensions = 3 if what == "images" else 1
            packed = ROOT / "tasks" / f"{name}-{split}-{what}.idx{dimensions}.gz"
            data = np.frombuffer(gzip.decompress(packed.read_bytes()), np.uint8, offset=header)
            sizes = [-1, *shape] if what == "images" else [-1]
            arrays[f"{split}_{what}"] = data.reshape(sizes)[:samples]
        parts[split] = {"samples": samples}
    np.savez(folder / "samples.npz", **arrays)
    about = {
        "title": f"first samples of {name}",
        "source": f"tasks/{name}.yaml",
        "licence": "as there",
    }
    form = {"image_shape": shape, "classes": 10, "maximum": maximum, "kind": "npz"}
    path = folder / "samples.yaml"
    path.write_text(yaml.safe_dump(about | form | {"data": {"file": "samples.npz"}} | parts))
    return path


def array_digest(array: np.ndarray[Any, Any]) -> str:
    """SHA-256 of type, shape and bytes."""
    head = f"{array.dtype} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def json_digest(data: Any) -> str:
    """SHA-256 of JSON data, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def differences(stored: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Names of the parts of a row that are not the same."""
    keys = sorted({*stored, *found} - {"weights"})
    changed = [key for key in keys if stored.get(key) != found.get(key)]
    before, after = stored.get("weights", {}), found.get("weights", {})
    return changed + [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]


def run_rows(chosen: list[tuple[str, str]]) -> dict[str, Any]:
    """Measure rows, one line each on standard error."""
    found = {}
    for engine, model in chosen:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            row = measure(engine, model, Path(folder))
        found[f"{engine} {model}"] = row
        what = (
            row.get("refused") or f"{row['train']} samples, {time.perf_counter() - started:.1f} s"
        )
        print(f"{engine} {model}: {what}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="", help="rows whose 'ENGINE MODEL' contains this")
    parser.add_argument("--engines", nargs="+", choices=tuple(SAMPLES), default=tuple(SAMPLES))
    options = parser.parse_args()
    chosen = rows(options.only, tuple(options.engines))
    if options.action == "write":
        stored = json.loads(options.file.read_text()) if options.file.exists() else {}
        stored |= run_rows(chosen)
        options.file.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
        return 0
    stored = json.loads(options.file.read_text())
    same = True
    for name, row in run_rows([r for r in chosen if " ".join(r) in stored]).items():
        if changed := differences(stored[name], row):
            same = False
            print(f"{name}: differs in {', '.join(changed)}")
    print("all rows are the same" if same else "some rows differ")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

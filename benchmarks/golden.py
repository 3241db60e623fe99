"""Golden digests: what every model of the library learns in every engine, to the last bit.

    python benchmarks/golden.py write FILE [--only TEXT] [--engines NAME ...] [--summaries]
    python benchmarks/golden.py check FILE [--only TEXT] [--engines NAME ...]

Each row trains a model for `EPOCHS` epochs on the first samples of a sample task, by the Python interface, and
keeps a digest of each array of `weights.safetensors`, of the training and inference counts of `counts.json`, and
the test accuracies of `metrics.jsonl`. A combination that is refused keeps the error's name. Status 1 if any row
differs. Rows that differ between processors (`varies`) are equal on one machine with one number of threads: set
`OMP_NUM_THREADS=1`, write a file before a change and check it after. With `--summaries` a row keeps statistics
that hold on any processor within `TOLERANCE`; tests/conformance/golden.json and golden_summaries.json are written
by `python benchmarks/golden.py write tests/conformance/NAME.json [--summaries]`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
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
TOLERANCE = 0.02
"""Of a statistic, relative to the root mean square of its array or to the number of events."""

ACCURACY_TOLERANCE = 0.05
"""Of an accuracy that is kept among statistics."""

TASKS = {64: ("digits", [8, 8], 16), 784: ("mnist-sample", [28, 28], 255)}
"""By inputs of a model: the task whose first samples it learns, shape of its images and their highest level."""

SAMPLES = {
    "fast": 300,
    "fast-int": 300,
    "fast-int:lava": 300,
    "torch": 300,
    "brian2": 60,
    "lava": 20,
    "lava:floating_pt": 20,
    "lava:fused": 100,
    "lava:fused:floating_pt": 100,
}
"""Training samples by engine; the slow ones get fewer, variants a third. Of the test set a fifth as many."""

FEWER = {
    "brian2 eqspike-digits-online": 20,
    "torch ep-conv": 40,
    "torch binary-ep-wn-8192": 128,
    "fast-int binary-ep-wn-8192": 20,
    "lava binary-ep-wn-8192": 5,
    "torch binary-ep-w-4096": 128,
}
"""Training samples of rows that are slower than their engine's others."""

FIXED = "memory.kind=fixed memory.bits=6 memory.ranges=[1,1]"
VARIANTS = (
    "eqspike-digits training.precision=float64",
    "eqspike-digits encoder.onset=spread rule.beta_sign=alternating",
    "eqspike-digits layers=[64,24,16,10] training.learning_rates=[0.2,0.1,0.1] training.initial_gain=[1,1,1]",
    f"eqspike-digits {FIXED} memory.rounding=nearest",
    f"eqspike-digits-online {FIXED} memory.rounding=stochastic",
    "ep-digits-events neuron.activation=hard-sigmoid",
    "ep-digits-events neuron.activation=hard-sigmoid rule.kind=c-ep",
    "ep-digits-events neuron.activation=tanh rule.kind=c-ep",
    "ep-digits-events dynamics.updates=even-odd rule.beta_sign=both",
    "binary-ep-wn-1024-events layers=[64,60,20] output.replicas=2 neuron.filter=0.5",
    "cvf-512 layers=[64,32,10] feedback.initial_angle=30",
)
"""Models with settings that no model of the library has."""


def rows(only: str = "", engines: tuple[str, ...] = tuple(SAMPLES)) -> list[str]:
    """`ENGINE MODEL [KEY=VALUE ...]` of every row that contains `only`."""
    models = [path.stem for path in sorted((ROOT / "models").glob("*.yaml"))]
    found = [f"{engine} {model}" for engine in engines for model in (*models, *VARIANTS)]
    return [row for row in found if only in row]


def varies(row: str) -> bool:
    """Whether digests depend on the processor: sums inside matrix products, whose order is the BLAS library's."""
    engine, model, *_ = row.split()
    by_events = model in ("ep-512-events", "ep-digits-events") and "rule.kind=c-ep" not in row
    return engine in ("torch", "lava:floating_pt") or (engine in ("fast", "brian2") and by_events)


def measure(row: str, folder: Path, summaries: bool = False) -> dict[str, Any]:
    """Train one row in an empty folder and say what it left.

    Returns:
        `train`, `test`: samples; `accuracies`: after each epoch; and of weights and counts either digests or
        statistics. Or `refused`: the name of the error.
    """
    engine, model, *settings = row.split()
    samples = FEWER.get(row, SAMPLES[engine] // (3 if settings else 1))
    try:
        run = eqspike.train(
            model,
            str(small_task(row, samples, samples // 5, folder)),
            out=folder / "run",
            epochs=EPOCHS,
            seed=SEED,
            engine=engine,
            settings=dict(setting.split("=", 1) for setting in settings),
            quiet=True,
        )
    except eqspike.EqspikeError as error:
        if type(error).__name__ != REFUSED:
            raise
        return {"refused": REFUSED}
    counts = json.loads((run.folder / "counts.json").read_text())
    weights = load_file(run.folder / "weights.safetensors")
    left = summary_of(weights, counts) if summaries else digests_of(weights, counts)
    accuracies = [record["test_accuracy"] for record in run.metrics]
    if summaries:
        return {"train": samples, "test": samples // 5, "last_accuracy": accuracies[-1], **left}
    return {"train": samples, "test": samples // 5, "accuracies": accuracies, **left}


def small_task(row: str, train: int, test: int, folder: Path) -> Path:
    """Write a task that holds the first samples of the one that fits the model; returns its description."""
    name, shape, maximum = TASKS[_inputs(row)]
    arrays, parts = {}, {}
    for split, samples in (("train", train), ("test", test)):
        for what, header, dimensions in (("images", 16, 3), ("labels", 8, 1)):
            packed = ROOT / "tasks" / f"{name}-{split}-{what}.idx{dimensions}.gz"
            data = np.frombuffer(gzip.decompress(packed.read_bytes()), np.uint8, offset=header)
            sizes = [-1, *shape] if what == "images" else [-1]
            arrays[f"{split}_{what}"] = data.reshape(sizes)[:samples]
        parts[split] = {"samples": samples}
    np.savez(folder / "samples.npz", **arrays)
    about = {"title": f"Part of {name}", "source": f"tasks/{name}.yaml", "licence": "as there"}
    form = {"image_shape": shape, "classes": 10, "maximum": maximum, "kind": "npz"}
    path = folder / "samples.yaml"
    path.write_text(yaml.safe_dump(about | form | {"data": {"file": "samples.npz"}} | parts))
    return path


def _inputs(row: str) -> int:
    _, model, *settings = row.split()
    text = next((s for s in settings if s.startswith("layers=")), "")
    if text:
        layers = yaml.safe_load(text.removeprefix("layers="))
    else:
        description = yaml.safe_load((ROOT / "models" / f"{model}.yaml").read_text())
        layers = description.get("learner", description)["layers"]
    return int(np.prod(layers[0]))


def digests_of(weights: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    """SHA-256 of each array's type, shape and bytes, and of both counts whatever the order of their keys."""
    found = {}
    for name, array in sorted(weights.items()):
        data = f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()
        found[name] = hashlib.sha256(data).hexdigest()
    for part in ("training", "inference"):
        text = json.dumps(counts[part], sort_keys=True)
        found[part] = hashlib.sha256(text.encode()).hexdigest()
    return found


def summary_of(weights: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    """Mean and root mean square of each array of weights; spikes or messages of each layer and phase."""
    found: dict[str, Any] = {}
    for name, array in sorted(weights.items()):
        found[name] = {"mean": float(array.mean()), "rms": float(np.sqrt((array**2.0).mean()))}
    for part in ("training", "inference"):
        phases = counts[part]["phases"]
        found[part] = {
            f"{phase} {layer}": events["spikes"]
            for phase, layers in phases.items()
            for layer, events in layers["layers"].items()
        }
    return found


def differences(stored: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Names of the parts of a row that are not the same, statistics within `TOLERANCE`."""
    return [
        key
        for key in sorted({*stored, *found})
        if key not in stored or key not in found or not _same(stored[key], found[key])
    ]


def _same(stored: Any, found: Any) -> bool:
    if isinstance(stored, float):
        return abs(stored - found) <= ACCURACY_TOLERANCE
    if not isinstance(stored, dict):
        return bool(stored == found)
    if stored.keys() != found.keys():
        return False
    scale = stored.get("rms", 0.0)
    return all(
        math.isclose(stored[key], found[key], rel_tol=TOLERANCE, abs_tol=TOLERANCE * scale)
        for key in stored
    )


def run_rows(chosen: list[str], stored: dict[str, Any], summaries: bool) -> dict[str, Any]:
    """Measure rows, one line each on standard error; those of `stored` in the form in which they are stored."""
    found = {}
    for row in chosen:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            as_summary = "last_accuracy" in stored[row] if row in stored else summaries
            found[row] = measure(row, Path(folder), as_summary)
        seconds = time.perf_counter() - started
        said = found[row].get("refused") or f"{found[row]['train']} samples, {seconds:.1f} s"
        print(f"{row}: {said}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="", help="rows that contain this text")
    parser.add_argument("--engines", nargs="+", choices=tuple(SAMPLES), default=tuple(SAMPLES))
    parser.add_argument("--summaries", action="store_true", help="statistics, of rows that vary")
    options = parser.parse_args()
    chosen = rows(options.only, tuple(options.engines))
    stored = json.loads(options.file.read_text()) if options.file.exists() else {}
    if options.action == "write":
        if options.summaries:
            chosen = [row for row in chosen if varies(row)]
        stored |= run_rows(chosen, {}, options.summaries)
        options.file.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
        return 0
    same = True
    for row, found in run_rows([row for row in chosen if row in stored], stored, False).items():
        if changed := differences(stored[row], found):
            same = False
            print(f"{row}: differs in {', '.join(changed)}")
    print("all rows are the same" if same else "some rows differ")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

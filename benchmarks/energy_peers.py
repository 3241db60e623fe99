"""Time of a training step of energy blocks beside three public codes: forward and gradient alone.

    python benchmarks/energy_peers.py --laborieux DIR --dchn DIR --blocks DIR [--only dchn] [--trained 200]

The folders are checkouts of the codes that `published_blocks.py` names. Each case runs in a process of its own on
one thread, where published code and ours take their steps in turn, from the same weights and on the same images;
printed is the smallest processor time of each. "Equal rest" stops once no state changes by more than in the last
step of the published phases, or by eight roundings of float32. The cosine is that of all parameters' gradient to
ours by plain steps until rest. The share of convolutions is by PyTorch's profiler.
`--trained` first trains on so many batches, by ours (Adam, in bfloat16 where the processor has it); the step is
then of a batch that was not among them.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import torch
from energy_cases import Case
from published_blocks import hopfield, small_synchronous, stack_of_blocks, vgg5
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

FACTORS = (1.2, 1.3, 1.4, 1.5)
LOW = {"precision": torch.bfloat16, "tolerance": 4e-3, "nudged_tolerance": 1e-2}
PLAIN = {"relaxation_factor": 1.0, "precision": None}
SHORT = {"form": "difference", "updates": "even-odd", "relaxation_factor": 1.2}
"""Training before the measurement."""
RATE = 2e-4
LEAST = 8 * torch.finfo(torch.float32).eps
"""Residuals are not asked to be smaller: these are of rounding."""
STUBS = ("torchvision", "omegaconf")
"""Modules that published code imports and its steps do not need."""
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


CASES: dict[str, tuple[str, str, Callable[[], Case]]] = {
    "conv": ("laborieux", "conv 1-32-64-10, MNIST", small_synchronous),
    "vgg5": ("laborieux", "VGG-5, CIFAR-10", vgg5),
    "dchn": ("dchn", "DCHN 128-256-512-512-10, MNIST", hopfield),
    "blocks-1": ("blocks", "ff-EBM, 1 block", lambda: stack_of_blocks("ff-ebm-6", "splitting_small_1block")),
    "blocks-3": ("blocks", "ff-EBM, 3 blocks", lambda: stack_of_blocks("ff-ebm-2", "splitting_small_3block")),
}  # fmt: skip
"""Folder, title, and how it is made."""


def flags() -> list[str]:
    """Those of `FLAGS` that this processor has."""
    described = Path("/proc/cpuinfo")
    known = described.read_text().split() if described.exists() else []
    return [flag for flag in FLAGS if flag in known]


def variants(case: Case) -> dict[str, list[dict[str, Any]]]:
    """Names of ours and the settings of each block."""
    _, free, nudged = case.phases
    plain = {"free_steps": free, "nudged_steps": nudged, "updates": case.updates}
    equal = plain | {"form": "two-states", "tolerance": None, "nudged_tolerance": None}
    bounds = case.left()
    rest = [
        plain | {
            "form": "difference", "updates": "even-odd", "free_steps": 2 * free, "tolerance": max(a, LEAST),
            "nudged_tolerance": max(b, LEAST),
        }
        for a, b in bounds
    ]  # fmt: skip
    print(f"<!-- residuals of the published phases: {bounds} -->", flush=True)
    found = {"equal steps, two states": [equal for _ in rest], "equal rest": rest}
    for name, each in (("equal rest", rest), ("bfloat16", [at | LOW for at in rest])):
        if name == "bfloat16" and not low_precision():
            continue
        found[name] = each
        times = {}
        for factor in FACTORS:
            case.set([at | {"relaxation_factor": factor} for at in each])
            seconds = timed(case.learn)
            if case.at_rest():
                times[factor] = seconds
        if times:
            best = min(times, key=lambda factor: times[factor])
            found[f"{name}, factor {best}"] = [at | {"relaxation_factor": best} for at in each]
    return found


def timed(step: Callable[[], object]) -> float:
    """Processor time of one step."""
    before = time.process_time()
    step()
    return time.process_time() - before


def share_of_convolutions(step: Callable[[], object]) -> float:
    """Of the processor time of one step."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        step()
    times = {each.key: each.self_cpu_time_total for each in seen.key_averages()}
    return sum(t for name, t in times.items() if "convolution" in name) / sum(times.values())


def train(case: Case, batches: int) -> None:
    """Adam on so many batches after the first, by ours; then the published code gets the weights."""
    if not batches:
        return
    case.set([SHORT | (LOW if low_precision() else {}) for _ in case.blocks()])
    optimiser = torch.optim.Adam(case.stack.parameters(), lr=RATE)
    right = []
    for number in range(1, batches + 1):
        right.append(case.learn(number).float().mean())
        optimiser.step()
    for pair in case.pairs:
        pair.seen(pair.theirs.data).copy_(pair.ours.data)
    last = torch.stack(right[-(len(right) // 4 + 1) :]).mean()
    print(f"<!-- right as learnt, in the last quarter: {float(last):.3f} -->", flush=True)


def low_precision() -> bool:
    """Whether the processor multiplies in bfloat16."""
    return bool({"avx512_bf16", "amx_bf16"} & set(flags()))


def exact(case: Case) -> Tensor:
    """Our gradient by plain steps until rest."""
    tight = {
        "form": "difference", "updates": "even-odd", "free_steps": 500, "nudged_steps": 200, "tolerance": 1e-6,
        "nudged_tolerance": 1e-5,
    }  # fmt: skip
    case.set([PLAIN | tight for _ in case.blocks()])
    case.learn()
    print(f"<!-- reference: {case.steps()} -->", flush=True)
    return case.gradient()


def measure(key: str, rounds: int, trained: int) -> None:
    """Print the rows of a case."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    case = CASES[key][2]()
    for pair in case.pairs:
        pair.ours.data.copy_(pair.seen(pair.theirs.data))
    train(case, trained)
    case.step()
    reference, theirs = exact(case), case.gradient(theirs=True)
    rows: dict[str, list[Any]] = {"published": [math.inf, case.phases[0], theirs]}
    ways = variants(case)
    for _ in range(rounds):
        rows["published"][0] = min(rows["published"][0], timed(case.step))
        for name, each in ways.items():
            case.set([PLAIN | at for at in each])
            seconds = min(timed(case.learn), rows.get(name, [math.inf])[0])
            rows[name] = [seconds, case.steps(), case.gradient()]
    for name, each in ways.items():
        case.set([PLAIN | at for at in each])
        print(f"<!-- {name}: convolutions take {share_of_convolutions(case.learn):.2f} -->")
    slowest = rows["published"][0]
    for name, (seconds, steps, gradient) in rows.items():
        cosine = float(nn.functional.cosine_similarity(gradient, reference, 0))
        print(
            f"| {CASES[key][1]} | {name} | {steps} | {seconds:.3f} | {len(case.batches(0)[0]) / seconds:.1f} | "
            f"{slowest / seconds:.2f} | {cosine:.4f} |", flush=True,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name in ("laborieux", "dchn", "blocks"):
        parser.add_argument(f"--{name}", help="checkout of published code")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trained", type=int, default=0)
    parser.add_argument("--case", choices=tuple(CASES))
    options = parser.parse_args()
    if options.case:
        sys.modules |= {name: MagicMock() for name in STUBS}
        sys.path.insert(0, vars(options)[CASES[options.case][0]])
        measure(options.case, options.rounds, options.trained)
        return
    print(
        f"{processor()}, {', '.join(flags())}, torch {torch.__version__}, one thread, processor time\n"
    )
    print(
        "| case | code | steps | s | samples/s | times | cosine |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    for key in options.only:
        if vars(options)[CASES[key][0]]:
            subprocess.run([sys.executable, *sys.argv, "--case", key], check=True, env=environment)


def processor() -> str:
    """Its name."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()

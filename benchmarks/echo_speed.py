"""Seconds of one training step of a Hamiltonian state-space model, beside the published JAX code.

    python benchmarks/echo_speed.py [--published DIR --python PYTHON]

DIR is a checkout of github.com/guillaumepourcel/rhel, PYTHON an interpreter with jax, equinox and optax. Settings:
2 blocks, 64 channels, 64 oscillators, 1,000 steps, 8 samples, float32, Adam. Each round runs every case once in
its own process on one core, one after another; printed is the smallest processor time of a step over all rounds,
and the time until the first step is done.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

BLOCKS, HIDDEN, UNITS, TIME, BATCH, CHANNELS, CLASSES = 2, 64, 64, 1_000, 8, 6, 2
OURS = [
    (kind, backward)
    for kind in ("linear", "log-cosh")
    for backward in ("rhel", "reversible", "bptt")
]
PUBLISHED = [("linear", "RHEL"), ("linear", "BPTT"), ("log-cosh", "RHEL"), ("log-cosh", "BPTT")]
REPEATS = 5


def timed(step: Callable[[], None], began: float) -> dict[str, float]:
    """Time to the first step, and the smallest processor time of a later one."""
    step()
    first = time.perf_counter() - began
    times = []
    for _ in range(REPEATS):
        before = time.process_time()
        step()
        times.append(time.process_time() - before)
    return {"step_s": min(times), "first_s": first}


def own_step(kind: str, backward: str) -> dict[str, float]:
    """One case of this library."""
    began = time.perf_counter()
    import torch

    from eqspike.nn.hssm import HamiltonianStack

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = HamiltonianStack(
        CHANNELS, CLASSES, hidden=HIDDEN, units=UNITS, blocks=BLOCKS, kind=kind, backward=backward
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    series, labels = torch.randn(BATCH, TIME, CHANNELS), torch.randint(CLASSES, (BATCH,))

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(series), labels).backward()
        optimiser.step()

    return timed(step, began)


def published_step(kind: str, algorithm: str) -> dict[str, float]:
    """One case of the published code, imported from the folder this process runs in."""
    began = time.perf_counter()
    sys.path.insert(0, os.getcwd())
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import optax

    create_model = importlib.import_module("models.generate_model").create_model

    key = jax.random.PRNGKey(0)
    name = "LinHRU" if kind == "linear" else "NonlinHRU"
    model, state = create_model(
        name, CHANNELS, TIME, CLASSES, HIDDEN, num_blocks=BLOCKS, ssm_dim=UNITS, learning_algorithm=algorithm,
        epsilon=0.1, complex_ssm=True, train_steps=True, key=key,
    )  # fmt: skip
    optimiser = optax.adam(1e-4)
    held = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    series = jax.random.normal(key, (BATCH, TIME, CHANNELS))
    labels = jax.nn.one_hot(jax.random.randint(key, (BATCH,), 0, CLASSES), CLASSES)

    def loss(model: object, state: object) -> object:
        guesses, state = jax.vmap(
            model, axis_name="batch", in_axes=(0, None, None), out_axes=(0, None)
        )(series, state, key)
        return jnp.mean(-jnp.sum(labels * jnp.log(guesses + 1e-8), axis=1)), state

    @eqx.filter_jit
    def learn(model: object, state: object, held: object) -> object:
        (_, state), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(model, state)
        updates, held = optimiser.update(gradient, held)
        return eqx.apply_updates(model, updates), state, held

    kept = [model, state, held]

    def step() -> None:
        kept[:] = jax.block_until_ready(learn(*kept))

    return timed(step, began)


def measured(python: str, where: str, folder: str, kind: str, how: str) -> dict[str, float]:
    """A case in its own process on one core."""
    core = str(min(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, python, os.path.abspath(__file__), "--case", where, kind, how]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=folder, env=environment
    )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--published", help="checkout of the published code")
    parser.add_argument("--python", help="interpreter with jax, equinox, optax")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--case", nargs=3)
    options = parser.parse_args()
    if options.case:
        where, kind, how = options.case
        print(json.dumps((own_step if where == "own" else published_step)(kind, how)))
        return
    cases = [(sys.executable, "own", ".", *case) for case in OURS]
    if options.published:
        cases += [(options.python, "published", options.published, *case) for case in PUBLISHED]
    best: dict[tuple[str, str, str], dict[str, float]] = {}
    for _ in range(options.rounds):
        for python, where, folder, kind, how in cases:
            found = measured(python, where, folder, kind, how)
            held = best.setdefault((where, kind, how), found)
            best[where, kind, how] = {name: min(held[name], found[name]) for name in found}
    print("| code | oscillators | backward | step (s) | to first step (s) |\n|---|---|---|---|---|")
    for (where, kind, how), of in best.items():
        print(f"| {where} | {kind} | {how} | {of['step_s']:.4f} | {of['first_s']:.1f} |")


if __name__ == "__main__":
    main()

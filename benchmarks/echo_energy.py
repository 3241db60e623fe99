"""From which length on an echo takes less energy than backpropagation that stores its trajectory.

    python benchmarks/echo_energy.py

Multiply-accumulates and memory accesses are those of `eqspike.nn.hamiltonian.counts`, of one sample. Figures are those
of the generic profiles: a multiplication and an addition without memory, and four bytes read or written in a memory of
8 kB, 32 kB or 1 MB. States of one step lie in 8 kB; a trajectory in the smallest of the three that holds it. There is no
figure for a larger memory: beyond 1 MB the figure of 1 MB is a lower bound for backpropagation.
"""

from __future__ import annotations

from eqspike.chips import load_profile
from eqspike.core.quantities import Quantity
from eqspike.nn.hamiltonian.counts import Work, backward_pass, free_pass

BYTES = 4
LENGTHS = (100, 1_000, 10_000)
UNITS = (("linear", 1, 32), ("linear", 64, 128), ("log-cosh", 1, 32), ("log-cosh", 64, 64))
BACKWARDS = ("rhel", "reversible", "bptt")


def figure(chip: str, event: str) -> Quantity:
    found = load_profile(chip).energy[event]
    if not isinstance(found, Quantity):
        raise SystemExit(f"{chip} has no figure for {event}")
    return found


PRODUCT = figure("generic-45nm-fp32-arithmetic", "rule_evaluation").typical
ACCESS = figure("generic-45nm-fp32", "weight_write")
MEMORIES = ((8 * 1024, ACCESS.low), (32 * 1024, ACCESS.typical), (1024 * 1024, ACCESS.high))


def joules(work: Work, length: int) -> float:
    """Of one sample and step, in a series of so many steps."""
    stored = work.kept * length * BYTES
    price = next((price for limit, price in MEMORIES if stored <= limit), ACCESS.high)
    return (
        work.products * PRODUCT
        + work.state_accesses * ACCESS.low
        + work.trajectory_accesses * price
    )


def learning(kind: str, inputs: int, size: int, backward: str) -> Work:
    """Of the free pass and what follows it."""
    bounded = kind == "log-cosh"
    free = free_pass(inputs, size, bounded, backward == "bptt")
    return free + backward_pass(inputs, size, bounded, backward)


def main() -> None:
    lengths = " | ".join(f"T = {length:,}" for length in LENGTHS)
    print(
        f"| oscillators | inputs | numbers | backward | products | accesses | kept | {lengths} | pays from |"
    )
    print("|---" * (8 + len(LENGTHS)) + "|")
    for kind, inputs, size in UNITS:
        stored = learning(kind, inputs, size, "bptt")
        for backward in BACKWARDS:
            work = learning(kind, inputs, size, backward)
            cells = [kind, str(inputs), str(size), backward, f"{work.products:,}",
                     f"{work.state_accesses + work.trajectory_accesses:,}", f"{work.kept:,}"]  # fmt: skip
            cells += [f"{joules(work, length) * 1e9:.1f}" for length in LENGTHS]
            limits = [1] + [limit // (BYTES * stored.kept) + 1 for limit, _ in MEMORIES]
            pays = [length for length in limits if joules(work, length) < joules(stored, length)]
            cells.append(
                "-" if backward == "bptt" else f"{min(pays):,}" if pays else "not by these figures"
            )
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
